"""Liferay Portal 6.2 and 7, as Vietnamese agencies run it."""

from __future__ import annotations

from portal_crawler.extraction.wrapper import Wrapper
from portal_crawler.platforms.portal import PortalSpider


class LiferaySpider(PortalSpider):
    """Departments on Liferay: asset publishers for news, portlets of their own for legal documents."""

    platform = "liferay"
    wrappers: tuple[Wrapper, ...] = (
        # The asset publisher in its full view, with the local theme's title, date and lead (6.2, Point portals). Only
        # the portlet holds all of it: title and date stand before the "full content", not in it.
        Wrapper(
            article=".portlet-body:has(.asset-full-content-title)",
            title=".asset-full-content-title",
            lead=".sapo",
            published=".assetPublishDate",
            section=".dd_chuyenmuc .tintuc",
            body=".sapo-wrapper, .journal-content-article",
            drop=(
                ".view-content-author",
                ".asset-control-detail",
                ".related_asset",
                ".asset-ratings",
                ".taglib-social",
            ),
        ),
        # Web content display and the standard asset publisher of Liferay 7.
        Wrapper(
            article="div.asset-full-content.clearfix, article.portlet-asset-full-content",
            title=".asset-title, .component-title, h1",
            published=".asset-metadata .metadata-publish-date, .metadata-display-date",
            author=".metadata-author-name",
            tags=".taglib-asset-tags-summary a",
            section=".breadcrumb a, .breadcrumb .active",
            body=".journal-content-article",
            attachments=".taglib-asset-attachments a",
            drop=(".asset-actions", ".taglib-social-bookmarks", ".asset-related-assets"),
        ),
        # The detail page of a legal document: label and value in a table, files in another (portlet vbpq).
        Wrapper(
            article=".portlet-body:has(> .vbpq-detail)",
            document=".vbpq-detail table",
            body=".vbpq-detail table",
            section=".dd_chuyenmuc .tintuc",
            attachments=".vbpq-attachfile a[href*='/documents/']",
            kind="document",
        ),
        # Other portlets for them.
        Wrapper(
            article="[id*='vbpqportlet'] .portlet-body table",
            document="[id*='vbpqportlet'] .portlet-body table",
            attachments="[id*='vbpqportlet'] a[href*='/documents/']",
            kind="document",
        ),
    )
    article_urls: tuple[str, ...] = (
        r"/-/view_content/(?:pop_up/)?(?P<id>\d+)(?:[-./]|$)",
        r"[?&]_\w*?(?P<portlet>vbpq|vanban|legaldoc)\w*_id=(?P<id>\d+)",
        r"/-/asset_publisher/[^/]*/content/(?:id/)?(?P<id>[^/?]+)",
        r"/-/(?:view-article|tin-tuc|bai-viet|chi-tiet|news)/(?:\d+/)*(?P<id>[^/?]+)",
        r"/(?:xem-)?chi-tiet(?:-tin)?(?:-tuc)?\?(?:[^#]*&)?id=(?P<id>\d+)(?:&|$)",
        r"^/w/(?P<id>[^/?]+)$",
        r"[?&]_\w+_urlTitle=(?P<id>[^&]+)",
    )
    listing_urls: tuple[str, ...] = (
        # But for those of a tag or a category: filters, as many as can be combined, and each has a pager of its own.
        r"^(?!.*[?&]p_r_p_\w*(?:tag|categoryid)=[^&]).*[?&]_\w+_cur=\d+",
        r"/danh-muc\?",
        r"/danh-sach",
        r"/-/asset_publisher/[^/]+/?$",
    )
    # One article has one number in all languages.
    alternate_urls: tuple[str, ...] = (r"^/(?:en|fr|zh|ja|ko|lo|ru)(?:_\w\w)?/.*/-/",)
    deny_urls: tuple[str, ...] = (
        r"[?&]p_p_lifecycle=[12]",
        r"[?&]p_p_id=(?:3|20|33|49|58|59|82|85|145)(?:_INSTANCE_\w+)?(?:&|$)",  # search, login, polls, language, map
        r"[?&]_\w+_(?:keywords|struts_action|tag|redirect|returnToFullPageURL)=[^&]",
        r"^/(?:c|combo|api|o|image|html)(?:/|$)",
        r"/-/(?:calendar|blogs/rss|journal/rss)",
    )
