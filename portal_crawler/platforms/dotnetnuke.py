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
        # Older markup, without a panel around it.
        Wrapper(
            article="*:has(> [id*='newsviewer'][id$='_lbContent'])",
            title="[id$='_lbHeadline'], [id$='_lbTitle'], [id$='_lblTitle']",
            lead="[id$='_lbDescription'], [id$='_lbSummary']",
            published="[id$='_lbDate'], [id$='_lbPublishDate'], .news-date, .date, [class*='ngay']",
            author="[id$='_lbAuthor']",
            body="[id$='_lbDescription'], [id$='_lbSummary'], [id$='_lbContent']",
        ),
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
        # Friendly addresses and plain ones name the same parameters: /tabid/62/id/7/default.aspx, ?tabid=62&id=7.
        r"(?:/(?P<key>newsid|itemid|articleid|tinid)/|[?&](?P<name>newsid|itemid|articleid|tinid|artmid)=)(?P<id>\d+)(?:[/&]|\.aspx|$)",
        r"/id/(?P<id>\d+)(?:/|\.aspx|$)",
        r"(?=.*[?&]tabid=\d+).*[?&]id=(?P<id>\d+)(?:&|$)",
        r"/(?:articletype|artmid)/[^?]*/articleid/(?P<id>\d+)",
        r"^/(?:[^/?]+/)+[^/?]*?-(?P<id>\d{2,})(?:\.aspx|\.html)?/?$",
    )
    listing_urls: tuple[str, ...] = (r"/tabid/\d+/default\.aspx$", r"[?&]tabid=\d+$")
    deny_urls: tuple[str, ...] = (
        r"[?&](?:returnurl|popup|skinsrc|containersrc)=",
        r"/(?:skinsrc|containersrc|language|userid)/",
        # Forms of accounts and editors are controls of a module, and so may be its view of one article:
        # /tabid/62/ctl/ArticleView/mid/412/articleId/7/ten-bai.aspx, ?tabid=62&ctl=Details&mid=412&ItemID=7.
        r"[?&/]ctl[=/](?!\w*(?:view|details?)(?:[/&]|$))",
        r"^(?!.*[?&]ctl=).*[?&]mid=",
        r"/(?:portals|desktopmodules|resources|providers)/",
    )
