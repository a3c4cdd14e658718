"""Portals that a provincial IT centre wrote itself in ASP.NET, and mojoPortal."""

from __future__ import annotations

from portal_crawler.extraction.wrapper import Wrapper
from portal_crawler.platforms.portal import PortalSpider

LEAD = ".sapo, .lead, .summary, [id$='_lblSapo'], [id$='_lblTomTat'], [id$='_lblDescription']"


class AspNetSpider(PortalSpider):
    """Custom ASP.NET portals: identity in the query, lists paged by postback."""

    platform = "aspnet"
    wrappers: tuple[Wrapper, ...] = (
        # mojoPortal with the Vietnamese article module.
        Wrapper(
            article="div.articleview",
            title="h2.articletitle",
            lead=".sapo",
            published=".info-article-more",
            author=".article-author",
            tags=".tags-detail a",
            attachments=".article-file a",
            body=".sapo, #article_text, .articletext",
            drop=(".texthit",),
        ),
        # The control that most home-made systems have in some spelling.
        Wrapper(
            article="[id$='_pnlDetail'], [id$='_pnlChiTiet'], div.news-detail, div.chitiet-tin, div.detail-news",
            title="h1, h2, .title, [id$='_lblTitle'], [id$='_lblTieuDe']",
            lead=LEAD,
            published=".date, .time, .ngay-dang, [id$='_lblDate'], [id$='_lblNgayDang']",
            author=".author, .tacgia, [id$='_lblAuthor'], [id$='_lblTacGia']",
            body=f"{LEAD}, .content, .noidung, [id$='_lblContent'], [id$='_lblNoiDung'], [id$='_divContent']",
        ),
    )
    article_urls: tuple[str, ...] = (
        r"\.aspx\?(?:[^#]*&)?(?P<key>newsid|itemid|articleid|tinid|idtin|nid|baivietid|idbaiviet)=(?P<id>\d+)(?:&|$)",
        # News and documents are of two tables, each with numbers of its own: the program tells which.
        r"/(?P<program>viewdetail|viewpost|chi-?tiet\w*|newsdetail|detail\w*|tin-?chi-?tiet)\.aspx\?(?:[^#]*&)?id=(?P<id>\d+)(?:&|$)",
        r"^/(?:[^/?]+/)*[^/?]*?-(?P<id>\d{2,})\.(?:aspx|html?)$",
        r"^/(?:[^/?]+/)*(?P<id>\d{2,})/[^/?]*-[^/?]*\.(?:aspx|html?)$",
    )
    listing_urls: tuple[str, ...] = (r"/viewlist\.aspx", r"/(?:danh-?sach|danh-?muc|chuyen-?muc|list)\w*\.aspx")
    deny_urls: tuple[str, ...] = (r"[?&](?:print|lang|culture|skin)=", r"/(?:webresource|scriptresource)\.axd")
