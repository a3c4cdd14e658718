"""DotNetNuke (DNN) portals."""

from __future__ import annotations

from portal_crawler.extraction.wrapper import Wrapper
from portal_crawler.platforms.portal import PortalSpider


class DotNetNukeSpider(PortalSpider):
    """Departments on DotNetNuke: a news viewer module, lists paged by postback."""

    platform = "dotnetnuke"
    wrappers: tuple[Wrapper, ...] = (
        # The news viewer that Vietnamese sites run.
        Wrapper(
            article="[id*='newsviewer'][id$='_pnDetail'], .DnnModule-Tintc-HinthBoxChitittin .DNNModuleContent",
            title="[id$='_lbHeadline'], [id$='_lbTitle'], .news-title, h1, h2",
            lead="[id$='_lbDescription'], [id$='_lbSummary'], .sapo",
            published="[id$='_lbDate'], [id$='_lbPublishDate'], .news-date, .date",
            author="[id$='_lbAuthor']",
            body="[id$='_lbDescription'], [id$='_lbSummary'], .sapo, [id$='_lbContent']",
            drop=("#box_other", ".titletinkhac"),
        ),
        # Older markup, of which only the body's id is known.
        Wrapper(article="[id*='newsviewer'][id$='_lbContent']"),
        # EasyDNNnews, a common news module.
        Wrapper(
            article="div.edn_article, div.edNews_article, article.edn_article",
            title="h1, .edn_articleTitle",
            lead=".edn_subTitle, .edn_articleSummary",
            published="time, .edn_metaDate",
            body=".edn_articleSummary, .edn_articleContent, .edn_content",
        ),
    )
    article_urls: tuple[str, ...] = (
        r"/(?P<key>newsid|itemid|articleid|id|tinid)/(?P<id>\d+)(?:/|\.aspx|$)",
        r"[?&](?P<key>newsid|itemid|articleid|tinid|artmid)=(?P<id>\d+)(?:&|$)",
        r"(?=.*[?&]tabid=\d+).*[?&]id=(?P<id>\d+)(?:&|$)",
        r"/(?:articletype|artmid)/[^?]*/articleid/(?P<id>\d+)",
        r"^/(?:[^/?]+/)+[^/?]*?-(?P<id>\d{2,})(?:\.aspx|\.html)?/?$",
    )
    listing_urls: tuple[str, ...] = (r"/tabid/\d+/default\.aspx$", r"[?&]tabid=\d+$")
    deny_urls: tuple[str, ...] = (
        r"[?&](?:ctl|returnurl|popup|skinsrc|containersrc|mid)=",
        r"/(?:ctl|skinsrc|containersrc|language|userid)/",
        r"/(?:portals|desktopmodules|resources|providers)/",
    )
