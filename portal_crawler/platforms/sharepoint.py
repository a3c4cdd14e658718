"""SharePoint 2010 and 2013 portals, and static copies of them."""

from __future__ import annotations

from portal_crawler.extraction.wrapper import Wrapper
from portal_crawler.platforms.portal import PortalSpider


class SharePointSpider(PortalSpider):
    """Departments on SharePoint: news as list items, shown by web parts; lists paged by script."""

    platform = "sharepoint"
    wrappers: tuple[Wrapper, ...] = (
        # The news web part of the Đắk Nông portals: the date stands in a table before the one for print.
        Wrapper(
            article="div:has(> .container_top_mid2)",
            title="#tableforprint .Title",
            lead=".lv_description_mode1",
            published="td.Time, .Time",
            section=".FolderTitle",
            body=".lv_description_mode1, [class*='ExternalClass']",
            drop=(".css_readCounter", "#part2", ".tbtinkhac"),
        ),
        # Custom controls seen elsewhere (NewsDetailUC, NewsDetailUS).
        Wrapper(article=".sub_page .content_follow", title="h2", published="span.time_update"),
        Wrapper(article="div.detail_artical", title="h1, h2, .title", published=".date, .time"),
        Wrapper(article="div.gthieu", title=".gtTitle h1"),
        # A list item as SharePoint itself shows it: cells are named by the type of their field, the title comes first.
        Wrapper(
            article="table.ms-formtable:has(#SPFieldNote)",
            title="#SPFieldText",
            published="#SPFieldDateTime",
            body="#SPFieldNote",
        ),
        # A publishing page, in the layouts that SharePoint brings along.
        Wrapper(
            article="div.article:has(.article-content)",
            title="h1, h2, .title, .tieude",
            published=".date-line, .date, .time, [class*='ngay']",
            author=".by-line, .byline",
            body=".article-content",
        ),
        Wrapper(
            article="#ctl00_PlaceHolderMain_ctl00__ControlWrapper_RichHtmlField, .article-content, .ms-rtestate-field",
            kind="article",
        ),
    )
    article_urls: tuple[str, ...] = (
        r"^/.*/pages/(?:[^/?]+/)*(?P<id>[^/?]+-\d+)\.aspx$",
        # Numbers are those of one list of one subsite.
        r"^(?:/(?P<web>[^?]+))?/lists/(?P<list>[^/]+)/[^/?]+\.aspx\?(?:[^#]*&)?(?P<key>itemid|newsid|articleid|cn_id)=(?P<id>\d+)(?:&|$)",
        r"\.aspx\?(?:[^#]*&)?(?P<key>itemid|newsid|articleid|cn_id)=(?P<id>\d+)(?:&|$)",
        r"^(?:/(?P<web>[^?]+))?/lists/(?P<list>[^/]+)/(?:post|dispform|detail|viewpost)\.aspx\?(?:[^#]*&)?id=(?P<id>\d+)(?:&|$)",
        r"\.aspx\?(?:[^#]*&)?id=(?P<id>\d+)(?:&|$)",
    )
    listing_urls: tuple[str, ...] = (
        r"/(?:allposts|allitems|categories)\.aspx",
        r"/pages/(?:default|home)\.aspx$",
        r"[?&]paged=true",
    )
    deny_urls: tuple[str, ...] = (
        r"/_(?:layouts|vti_bin|catalogs|controltemplates)/",
        r"/forms/",
        r"/lists/(?:bo-?)?(?:tthc|thu-?tuc)\w*/",  # databases of procedures
        r"/(?:new|edit)form\.aspx",
        r"[?&](?:sortfield|sortdir|filterfield\d*|toolpaneview|isdlg)=",
    )
