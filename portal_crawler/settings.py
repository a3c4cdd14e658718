"""Settings of the project, each with its reason. Ours begin with ``PORTAL_``.

What decides: this file, then a spider's ``custom_settings`` (with a comment why), then ``-s NAME=VALUE``.
"""

from __future__ import annotations

import os
from typing import Any

from scrapy.settings import default_settings

BOT_NAME = "portal_crawler"
SPIDER_MODULES = ["portal_crawler.spiders"]
NEWSPIDER_MODULE = "portal_crawler.spiders"
COMMANDS_MODULE = "portal_crawler.commands"

# ------------------------------------------------------------------- who we are

# An address or a page where an administrator reaches the people behind the crawl. Set it once, in the environment.
PORTAL_CONTACT = os.environ.get("PORTAL_CONTACT", "")
USER_AGENT = f"portal_crawler/0.1 (research archive of public portals; contact: {PORTAL_CONTACT or 'not set'})"

# ------------------------------------------------------------------- politeness

# Scrapy's default is to ignore robots.txt; ours is to obey it.
ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = "portal_crawler"  # the product token of RFC 9309, without version and contact
# The departments of a province often share one old server: one request at a time, seconds apart, slower if it is slow.
# So many are taken from the queue at once: more would wait behind each other, whatever comes to be asked for first.
CONCURRENT_REQUESTS = 8
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY = 2.0
DOWNLOAD_DELAY_JITTER = 0.5
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 2.0
AUTOTHROTTLE_MAX_DELAY = 60.0
AUTOTHROTTLE_TARGET_CONCURRENCY = 1.0
RETRY_TIMES = 3
# Scrapy's, but for the failure of a download handler that is not used here: to import it takes a tenth of a start.
RETRY_EXCEPTIONS = [each for each in default_settings.RETRY_EXCEPTIONS if "http11" not in str(each)]
# Seconds: a host's Crawl-delay counts where it is larger than ours, up to this; some ask for an hour by mistake.
PORTAL_CRAWL_DELAY_MAX = 60.0
# Seconds: a host that asks for a longer rest than this (Retry-After), or more in a row, is left for another run.
PORTAL_RETRY_AFTER_MAX = 600.0
# Hours in which no request is made, Vietnamese time: "07:00-17:30" spares the offices. Empty: none.
PORTAL_QUIET_HOURS = ""
# A host that fails so often in a row (no connection, no answer, server errors) rests; 0: none does.
PORTAL_BREAKER_FAILURES = 10
# Seconds of its first rest, twice as long each time; after the third look in vain the rest waits for another run.
PORTAL_BREAKER_REST = 120.0
# Captchas, script challenges and logins in a row after which the rest of a host waits for another run; 0: never.
PORTAL_WALLS = 5
# Requests of a run at most; what is beyond it waits for another run (portal-crawler retry). 0: no limit.
PORTAL_MAX_PAGES = 0
# The same in megabytes received.
PORTAL_MAX_MEGABYTES = 0.0
# The same in minutes.
PORTAL_MAX_MINUTES = 0.0
# Scrapy makes as many tasks for every page as this says, needed or not: its 100 cost more than the download itself.
CONCURRENT_ITEMS = 2
DOWNLOAD_TIMEOUT = 120.0  # such servers take up to a minute to answer
# Session cookies make portals show another page to each visitor, and put session ids into links. One without which a
# server redirects each page to itself is sent back all the same (``scope.RedirectScope``).
COOKIES_ENABLED = False

# ---------------------------------------------------------------------- safety

# Scrapy 2.19 opens a port that runs Python sent to it unless this is off; telnet is the same thing, older.
REMOTE_CONTROL_ENABLED = False
TELNETCONSOLE_ENABLED = False
# Scrapy's default accepts any certificate.
DOWNLOAD_VERIFY_CERTIFICATES = True
# A page of several MB exists (inlined pictures); more is a trap or a film.
DOWNLOAD_MAXSIZE = 32 * 1024 * 1024
DOWNLOAD_WARNSIZE = 8 * 1024 * 1024
# A body that broke off is asked for again, then kept and marked.
DOWNLOAD_FAIL_ON_DATALOSS = False
# Links come from strangers: only the web is followed, and nothing but public addresses is connected to. Scrapy's
# default handler knows no such check, and cannot reach servers with TLS 1.0 or 1.1 at all.
DOWNLOAD_HANDLERS: dict[str, Any] = {
    "http": "portal_crawler.crawling.download.GuardedDownloadHandler",
    "https": "portal_crawler.crawling.download.GuardedDownloadHandler",
    "file": None,
    "data": None,
    "ftp": None,
    "s3": None,
}
# Addresses that are not public and may be connected to all the same: "10.1.0.0/16,192.168.1.5:8080" (an intranet, a
# proxy). This machine needs none where a seed names it: -a url=http://127.0.0.1:8000/ opens that address and port.
PORTAL_ALLOW_PRIVATE = os.environ.get("PORTAL_ALLOW_PRIVATE", "")
REFERRER_POLICY = "same-origin"
# Lists reset the depth, so that this bounds what lies beside them, and traps that grow by themselves.
DEPTH_LIMIT = 12
URLLENGTH_LIMIT = 2083
REDIRECT_MAX_TIMES = 8
# Seconds: a page that stays longer before it leads elsewhere is a page.
METAREFRESH_MAXDELAY = 10
# Each host is asked once for an address that cannot exist, and its articles' programs for numbers that cannot, to know
# pages that say "not found" with status 200.
PORTAL_SOFT_404 = True
# Chromium for portals whose site file says ``browser``, as a path or a name on PATH; empty: the system's, else
# playwright's own.
PORTAL_BROWSER = os.environ.get("PORTAL_BROWSER", "")
# Seconds that a page has to become ready, without those in which the crawl fetches for it.
PORTAL_BROWSER_SECONDS = 30.0
# What may be fetched for one page: applications of many pieces ask for some dozens of scripts, once a run.
PORTAL_BROWSER_REQUESTS = 100
# The same in megabytes received.
PORTAL_BROWSER_MEGABYTES = 32

# ------------------------------------------------------------------ the frontier

REQUEST_FINGERPRINTER_CLASS = "portal_crawler.crawling.canonical.PortalFingerprinter"
# The queue of requests stands on disk: a killed crawl is taken up by the next run.
SCHEDULER = "portal_crawler.crawling.frontier.Frontier"
# Seconds between two moments from which a killed crawl can go on.
PORTAL_CHECKPOINT_SECONDS = 30.0
# Days after which a crawl walks the whole portal again, and not only until it meets what it knows.
PORTAL_FULL_EVERY = 30.0
# Share of the known articles that an incremental crawl looks at again, the longest overdue first.
PORTAL_REVISITS = 0.1
# Known articles in a row after which a list holds nothing new: some are pinned to its top.
PORTAL_KNOWN_MARGIN = 10
SPIDER_MIDDLEWARES = {
    "portal_crawler.crawling.learning.LearnTemplate": 40,
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
    "portal_crawler.crawling.depth.DepthLimit": 900,
}
DOWNLOADER_MIDDLEWARES = {
    "portal_crawler.crawling.scope.PortalScope": 50,
    "portal_crawler.crawling.robots.Robots": 100,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "portal_crawler.crawling.softmissing.SoftMissing": 570,
    "portal_crawler.crawling.softmissing.MetaRefresh": 580,
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
    "portal_crawler.crawling.browser.Browser": 583,  # no script of a captcha or challenge is run
    "portal_crawler.crawling.walls.Walls": 585,
    "portal_crawler.crawling.broken.BrokenAnswers": 590,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "portal_crawler.crawling.scope.RedirectScope": 610,  # behind Scrapy's redirect middleware (600)
    "portal_crawler.crawling.breaker.Budget": 820,
    "portal_crawler.crawling.breaker.CircuitBreaker": 830,
    "portal_crawler.crawling.pace.HostPace": 840,
    "portal_crawler.archive.exchanges.ArchiveExchanges": 990,  # what it sees is what was sent and received
}
# Templates learned from the pages of a site are kept here between runs; empty: nowhere.
PORTAL_STATE_DIR = "state"
# Processes that extract articles where a server answers so fast that extraction would hold the crawl up; 0: none.
PORTAL_READERS = 2 if (os.cpu_count() or 1) > 1 else 0
# Seconds that one of them may take over a page; what takes so long is a trap for readers, and a reject.
PORTAL_READER_SECONDS = 60.0
# Captures of a site without wrappers that are held back at most until its template can be trusted.
PORTAL_HOLD_PAGES = 60
# Pages of one address pattern, folder or parameter that may bring nothing new before it is left alone. With the few
# that are looked at when the crawl has run dry, no trap costs more than 25 requests.
PORTAL_PATTERN_BUDGET = 16

# ---------------------------------------------------------------------- output

ITEM_PIPELINES = {
    "portal_crawler.pipelines.ExtractArticle": 100,
    "portal_crawler.pipelines.OnlySince": 120,
    "portal_crawler.pipelines.CheckArticle": 200,
    "portal_crawler.pipelines.DropDuplicates": 300,
    "portal_crawler.archive.exchanges.LocateCapture": 310,
    "portal_crawler.crawling.history.KeepHistory": 320,
    "portal_crawler.archive.similar.LinkSimilar": 350,
    "portal_crawler.crawling.files.FetchFiles": 400,
    "portal_crawler.crawling.learning.HeldCaptures": 900,
}
# Every exchange is kept as WARC: what we crawl may be the last copy. Replays make none; the demo's portals outlive it.
PORTAL_ARCHIVE = True
# Beside the export, whose articles name the files.
PORTAL_ARCHIVE_FILES = "exports/%(name)s/archive"
# Of compressed bytes: the size that web archives use, large enough to be few, small enough to be copied again.
PORTAL_ARCHIVE_MEGABYTES = 1000.0
# Articles of other portals that are at least so similar (0.7, say) are linked in similar_to; 0: none is compared, since
# comparing needs the extra "dedup".
PORTAL_SIMILAR = 0.0
# Files and pictures of articles, where --attachments or --images ask for them.
PORTAL_FILES = "exports/%(name)s/files"
# Plans and maps of 50 MB are common, films are no documents.
PORTAL_FILE_MEGABYTES = 64
# Seconds that reading one document may take: some are bombs.
PORTAL_DOCUMENT_SECONDS = 60
# The same in megabytes; the libraries alone map some hundred.
PORTAL_DOCUMENT_MEGABYTES = 2048
FEED_EXPORT_ENCODING = "utf-8"
FEED_STORAGES = {
    "": "portal_crawler.archive.feeds.PartFileStorage",
    "file": "portal_crawler.archive.feeds.PartFileStorage",
}
FEED_EXPORTERS = dict.fromkeys(("jsonlines", "jsonl", "jl"), "portal_crawler.archive.feeds.RecordLines")
FEED_URI_PARAMS = "portal_crawler.archive.feeds.uri_params"
# An empty file says that the run ended and found nothing.
FEEDS: dict[str, dict[str, Any]] = {
    "exports/%(name)s/%(run)s.jsonl": {
        "format": "jsonlines",
        "store_empty": True,
        "item_classes": ["portal_crawler.items.Article"],
    },
    # What earlier runs have exported and the portal no longer has.
    "exports/%(name)s/%(run)s.gone.jsonl": {
        "format": "jsonlines",
        "store_empty": False,
        "item_classes": ["portal_crawler.items.Gone"],
    },
}
# Every page that became no article, with its reason; empty: rejects are only counted.
PORTAL_REJECTS = "exports/%(name)s/%(run)s.rejects.jsonl"
# One record of the run: versions, times, figures, how it ended; empty: none.
PORTAL_RUN_RECORD = "exports/%(name)s/%(run)s.run.json"
EXTENSIONS = {
    "portal_crawler.crawling.idle.EndInStart": 50,
    "portal_crawler.archive.rejects.KeepRejects": 100,
    "portal_crawler.monitoring.progress.Progress": 200,
    "portal_crawler.monitoring.summary.RunSummary": 900,
    # With JOBDIR it would put a dict of its own in the place of the portal's state, which does all that it is for.
    "scrapy.extensions.spiderstate.SpiderState": None,
}

# ------------------------------------------------------------------------- log

LOG_LEVEL = "INFO"
# Every failure is a reject with its reason: the retry middleware need not call it an error, too.
RETRY_GIVE_UP_LOG_LEVEL = "INFO"
# A summary table ends the run, the run's record holds all figures.
STATS_DUMP = False
LOGSTATS_INTERVAL = 60.0
