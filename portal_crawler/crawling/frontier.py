"""The frontier on disk: what is still to be asked for survives a kill, and agrees with what has been exported."""

from __future__ import annotations

import inspect
import json
import logging
import os
import pickle
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar

from scrapy import signals
from scrapy.core.scheduler import Scheduler
from scrapy.exceptions import CloseSpider
from scrapy.utils.defer import deferred_from_coro
from scrapy.utils.request import request_from_dict

from portal_crawler.archive.exchanges import ArchiveExchanges
from portal_crawler.archive.feeds import PART, RUN_NAME, export_failed, feed_files, recover, uri_params
from portal_crawler.crawling.state import PortalState, RunningError, StateError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scrapy import Request, Spider
    from scrapy.crawler import Crawler
    from twisted.internet.defer import Deferred

# Mark of a page of a list: these are asked for from the first to the last. What is added at the top while they are read
# moves the others on: read from the last page back, some would be met on none.
IN_TURN = "portal_in_turn"

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Frontier(Scheduler):
    """Scheduler: queues requests in the portal's state, and makes checkpoints.

    At a checkpoint nothing is under way: no request, no item in the pipelines. The queue, what was seen of each address
    (``sightings.Sightings``), what the spider knows besides, the articles' history and the sizes of the run's files are
    committed in one transaction, after the files have reached the disk. A killed run is as if it had ended at its last
    checkpoint: the next one cuts its files back to that size, gives them their names and goes on. What came after the
    checkpoint is fetched once more.

    Scrapy's own scheduler serves where no state is kept: replays, retries (queue only), spiders that are no portals'.

    Settings:
        PORTAL_STATE_DIR: Where states are kept (``portals/<spider>.sqlite``); empty: nowhere.
        PORTAL_CHECKPOINT_SECONDS: Seconds between two checkpoints; they are longer apart where one takes long.
    """

    state: PortalState | None = None
    crawler: Crawler
    spider: Any
    pause = 30.0
    on_disk = False
    _broken = False
    _why = ""
    _paths: Sequence[Path] = ()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Frontier:
        """Make one."""
        frontier = super().from_crawler(crawler)
        frontier.crawler = crawler
        frontier.pause = crawler.settings.getfloat("PORTAL_CHECKPOINT_SECONDS", 30)
        crawler.signals.connect(frontier.engine_started, signal=signals.engine_started)
        crawler.signals.connect(frontier.export_failed, signal=export_failed)
        return frontier

    def open(self, spider: Spider) -> Deferred[None] | None:
        """Open the portal's state, and take up the crawl that it tells of."""
        folder = self.crawler.settings.get("PORTAL_STATE_DIR")
        self.spider = spider
        self._take_name()
        self._next_checkpoint = time.monotonic() + self.pause
        if folder and getattr(spider, "keeps_state", False):
            try:
                self.state = PortalState(Path(folder) / "portals" / f"{self.spider.state_name}.sqlite")
            except (StateError, OSError) as error:
                logger.error("%s", error)  # noqa: TRY400 - the cause is in it
                self._why = "already_running" if isinstance(error, RunningError) else "state_unusable"
                self.crawler.signals.connect(self._refuse, signal=signals.spider_opened)
            else:
                self.on_disk = not self.spider.letters
                self.spider.state = self.state
                self._take_up(self.state)
        return super().open(spider)

    def _take_name(self) -> None:
        """Let the run have a name of its own: others may have begun within the same second, and may still run."""
        while not self._claim():
            after = datetime.strptime(self.spider.run_id, RUN_NAME).replace(tzinfo=UTC) + timedelta(seconds=1)
            self.spider.run_id = after.strftime(RUN_NAME)

    def _claim(self) -> bool:
        """Take the run's name by the empty file that is to become its record; whether no other run has it."""
        if (record := self._record_of()) is None:
            return True
        part = Path(f"{record}{PART}")
        try:
            record.parent.mkdir(parents=True, exist_ok=True)
            part.open("x").close()
        except FileExistsError:
            return not part.is_file()  # else it is no folder where the record is to stand
        except OSError as error:
            logger.warning("%s: the run cannot be named there: %s", part, error.strerror)
            return True
        taken = record.exists()  # looked for last: a run that ends gives its record the whole name
        if taken:
            part.unlink()
        return not taken

    def _record_of(self, **run: str) -> Path | None:
        """Where the record of this run, or of another, stands; None if runs have no names there."""
        record = str(self.crawler.settings.get("PORTAL_RUN_RECORD") or "")
        params = uri_params({"name": self.spider.name}, self.spider) | run
        return Path(record % params) if "%(run)s" in record else None

    def _refuse(self) -> None:
        """Close a spider without a usable state; Scrapy lets nobody do so before all its parts are open.

        Raises:
            CloseSpider: always.
        """
        raise CloseSpider(self._why)

    def _take_up(self, state: PortalState) -> None:
        """Mend the files of a run that was killed, and go on with its crawl if it was not finished."""
        for path, size in state.files.items():
            if recover(Path(path), size, clean=bool(state.get("clean"))):
                self.spider.recovered.add(path)
        last = state.get("run")
        if last and not state.get("clean") and (record := self._record_of(run=last)) is not None:
            Path(f"{record}{PART}").unlink(missing_ok=True)  # no more than its name was taken
        state.put("clean", "")
        if not self.on_disk:
            return
        snapshot = None if self.spider.fresh else state.snapshot
        if snapshot is not None:
            try:
                self.spider.recall(pickle.loads(snapshot))  # noqa: S301 - our own file, as Scrapy's JOBDIR is
            except (pickle.UnpicklingError, AttributeError, TypeError, ImportError, EOFError) as error:
                logger.warning("%s: the unfinished crawl cannot be taken up (%r); a new one begins", state.path, error)
                snapshot = None
        if snapshot is None:
            state.begin_crawl()
        self.spider.sightings.stand_in(state.database)
        if snapshot is not None:
            state.release_postponed()
            logger.info("An unfinished crawl goes on: %d requests wait", state.queued())

    def engine_started(self) -> None:
        """Commit which files the run will write, before it writes any."""
        if self.state is not None and not self._broken:
            paths = feed_files(self.crawler)
            if rejects := self.crawler.settings.get("PORTAL_REJECTS"):
                paths.append(Path(str(rejects) % uri_params({"name": self.spider.name}, self.spider)))
            self._paths = [path.absolute() for path in paths]
            self._tell_of_unknown_exports(self.state)
            self.state.files = {str(path): _synced(path) for path in self._paths}
            self.state.commit()

    def _tell_of_unknown_exports(self, state: PortalState) -> None:
        """Tell of exports that are not this state's: it is another's place that it has taken, or an old copy of one."""
        last, this = state.get("run"), self.spider.run_id
        state.put("run", this)
        if not last and state.count():
            return  # the runs of this state were not noted yet
        folders = {path.parent for path in self._paths if path.name == f"{this}.jsonl"}
        exports = sorted(path for folder in folders for path in folder.glob("*.jsonl") if "." not in path.stem)
        unknown = [path for path in exports if last < path.stem < this and self._is_ours(path)]
        if unknown:
            logger.warning(
                "%s knows nothing of %s%s: what is there may be exported again",
                state.path, unknown[0], f" and {len(unknown) - 1} more exports" if unknown[1:] else "",
            )  # fmt: skip

    def _is_ours(self, export: Path) -> bool:
        """Whether the first article of an export is of this portal: ``unseen`` writes those of many into one folder."""
        with export.open("rb") as lines:
            line = lines.readline()
        try:
            url = json.loads(line)["url"] if line else None
        except (ValueError, LookupError, TypeError):  # no export of ours
            return False
        return isinstance(url, str) and bool(self.spider.rules.in_scope(url))

    def export_failed(self) -> None:
        """Commit nothing more: the state would take articles for exported that no file holds."""
        self._broken = True

    # The queue

    def has_pending_requests(self) -> bool:
        """Whether requests wait that this run may make."""
        if self.state is None or not self.on_disk:
            return super().has_pending_requests()
        return self._guarded(self.state.waits, default=False)

    def enqueue_request(self, request: Request) -> bool:
        """Queue a request, unless it was made before."""
        if self.state is None or not self.on_disk:
            return super().enqueue_request(request)
        return self._guarded(lambda: self._enqueue(request), default=False)

    def _enqueue(self, request: Request) -> bool:
        assert self.state is not None
        assert self.crawler.request_fingerprinter is not None
        if not request.dont_filter and not self.state.first_time(
            self.crawler.request_fingerprinter.fingerprint(request)
        ):
            self._count("dupefilter/filtered")
            return False
        self.state.push(request.priority, _written(request, self.spider), in_turn=IN_TURN in request.meta)
        self._count("scheduler/enqueued")
        return True

    def postpone(self, request: Request) -> None:
        """Keep a request for the next run of this crawl."""
        if self.state is None or not self.on_disk:
            return
        state, written = self.state, _written(request, self.spider)
        self._guarded(lambda: state.push(request.priority, written, postponed=True), None)
        self._count("scheduler/postponed")

    def next_request(self) -> Request | None:
        """The next request, to where its page stands; none while a checkpoint waits for what is under way."""
        request, origins = self._next_request(), getattr(self.spider, "origins", None)
        if request is None or origins is None or request.method != "GET" or request.meta.get("redirect_urls"):
            return request
        url = origins.home(request.url)
        if url == request.url:
            return request
        self._count("redirects/foreseen")
        return request.replace(url=url)

    def _next_request(self) -> Request | None:
        if self.state is None:
            return super().next_request()
        if time.monotonic() >= self._next_checkpoint and not self._broken:
            if not self._quiet():
                return None
            self.checkpoint()
        if not self.on_disk:
            return super().next_request()
        written = self._guarded(self.state.pop, None)
        if written is None:
            return None
        self._count("scheduler/dequeued")
        return request_from_dict(pickle.loads(written), spider=self.spider)  # noqa: S301 - our own file

    # Checkpoints

    def _quiet(self) -> bool:
        """Whether nothing is under way: no request, no response, no item, no loop of ``start()``."""
        engine = self.crawler.engine
        assert engine is not None
        slot, scraper = engine._slot, engine.scraper.slot  # noqa: SLF001 - the engine tells it by no public name
        busy = (slot is not None and slot.inprogress) or engine.downloader.active
        settled = engine._start is None or self.spider.settled  # noqa: SLF001
        return bool(settled and not busy and (scraper is None or scraper.is_idle()))

    def checkpoint(self, *, clean: bool = False) -> None:
        """Commit the state together with the sizes of the run's files."""
        assert self.state is not None
        began = time.monotonic()
        self._guarded(lambda: self._commit(clean=clean), None)
        self._count("checkpoints")
        # One that takes a second comes every 40 seconds at most: some two hundredths of the crawl.
        self._next_checkpoint = time.monotonic() + max(self.pause, 40 * (time.monotonic() - began))

    def _commit(self, *, clean: bool) -> None:
        assert self.state is not None
        # What the state takes for captured must be in the archive, and captures that wait must know their records.
        archive = self.crawler.get_downloader_middleware(ArchiveExchanges)
        if archive is not None:
            archive.sync()
        if self.on_disk:
            self.spider.sightings.write()
            self.state.snapshot = pickle.dumps(self.spider.knowledge(), protocol=5)
        self.state.files = {str(path): _synced(path) for path in self._paths}
        self.state.put("clean", "1" if clean else "")
        self.state.commit()

    def close(self, reason: str) -> Deferred[None] | None:
        """Commit the end of the run: a finished crawl, or one to go on with."""
        if (record := self._record_of()) is not None:
            Path(f"{record}{PART}").unlink(missing_ok=True)  # where runs keep records, this one's follows at once
        if self.state is not None:
            try:
                self.spider.keep_coverage()  # what was seen is forgotten at the end of a crawl
            except sqlite3.Error as error:
                logger.warning("%s: it is not known how many articles were found: %s", self.state.path, error)
            if not self._broken:
                self._guarded(lambda: self._end(reason), None)
            self.spider.state = None
            self.state.close()
        return super().close(reason)

    def _end(self, reason: str) -> None:
        assert self.state is not None
        assert self.crawler.stats is not None
        self.crawler.stats.set_value("history/articles", self.state.count())
        engine = self.crawler.engine
        settled = engine is None or engine._start is None or self.spider.settled  # noqa: SLF001
        if reason == "finished" and not self.state.waits(postponed=True):
            if self.on_disk:
                whole = self.spider.walked_wholly()
                self.state.end_crawl(whole=whole, rebuilt=self.spider.is_rebuilt(self.state.count()))
                self.on_disk = False
            self.checkpoint(clean=True)
        elif settled or reason == "finished":
            self.checkpoint(clean=True)
        # Else start() was interrupted between two of its requests: the last checkpoint stands.

    # Failures of the disk

    def _guarded(self, action: Callable[[], T], default: T) -> T:
        """What an action on the state gives; once the disk has failed, nothing more is done and the crawl ends."""
        if self._broken:
            return default
        try:
            self.spider.sightings.check()
            return action()
        except (sqlite3.Error, OSError, pickle.PicklingError, TypeError):
            self._broken = True
            assert self.state is not None
            logger.exception("%s: the state cannot be written; the crawl is stopped", self.state.path)
            self._count("state/failed")  # the end of a crawl has its reason for closing already
            assert self.crawler.engine is not None
            deferred_from_coro(self.crawler.engine.close_spider_async(reason="state_failed"))
            return default

    def _count(self, key: str) -> None:
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value(key)


def _written(request: Request, spider: Spider) -> bytes:
    """A request as bytes, its callbacks by name.

    Scrapy seeks them among all that the spider has, which takes longer than all the rest: it is shown but these two.
    """
    methods = filter(inspect.ismethod, (request.callback, request.errback))
    shown: Any = SimpleNamespace(**{method.__name__: method for method in methods if method.__self__ is spider})
    return pickle.dumps(request.to_dict(spider=shown), protocol=5)


def _synced(path: Path) -> int:
    """The size of a file that a run writes, once its bytes are on the disk; 0 if there is none yet."""
    for name in (f"{path}{PART}", str(path)):
        try:
            descriptor = os.open(name, os.O_RDONLY)
        except FileNotFoundError:
            continue
        try:
            os.fsync(descriptor)
            return os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)
    return 0
