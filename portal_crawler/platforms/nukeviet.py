"""NukeViet 4, the CMS of many Vietnamese agencies and schools."""

from __future__ import annotations

from portal_crawler.extraction.wrapper import Wrapper
from portal_crawler.platforms.portal import PortalSpider

# Names under which its "page" module, which is no news, is usually installed; users, contact and the like besides.
NO_NEWS = r"(?:about|siteterms|page|pages|gioi-thieu|gioithieu|introduce|users|contact|voting|banners|statistics|faq)"
# Names of the laws module.
LAWS = r"(?:[\w-]*-)?(?:laws|van-ban|vanban|vbpl)[\w-]*"


class NukeVietSpider(PortalSpider):
    """Departments on NukeViet: the news module and the laws module (legal documents)."""

    platform = "nukeviet"
    wrappers: tuple[Wrapper, ...] = (
        Wrapper(
            article="div.news_column[itemtype*='NewsArticle']",
            title="h1.title, [itemprop='headline']",
            lead=".hometext",
            # The visible date; the hidden microdata say when the text was entered.
            published="span.h5",
            body="figure.article, .hometext, #news-bodyhtml",
            images="figure.article img",
            section="h3.breakcolumn a, .temp-breadcrumbs [itemprop='name'], .breadcrumbs a, .breadcrumb a",
            author="p.text-right:contains('Tác giả')",
            source="p.text-right:contains('Nguồn')",
            tags=".news_column a[href*='/tag/']",
            attachments=".news-download-file a[href*='download=1']",
            drop=(".news-detail-player",),
        ),
        # The page module.
        Wrapper(
            article="div.page[itemtype*='Article']",
            title="h1.title, [itemprop='headline']",
            lead=".hometext",
            published="[itemprop='datePublished']",
            modified="[itemprop='dateModified']",
            body="figure, .hometext, #page-bodyhtml",
        ),
        # The laws module's detail page.
        Wrapper(
            article="div:has(> .lawh3)",
            title=".lawh3",
            lead=".lawh3 + p",
            body=".lawh3 ~ p, .lawh3 ~ table, .lawh3 ~ .table-responsive",
            document=".lawh3 ~ table, .lawh3 ~ .table-responsive",
            section="h3.breakcolumn a, .temp-breadcrumbs [itemprop='name'], .breadcrumbs a, .breadcrumb a",
            attachments=".laws-download-file a[href], a[href*='download=1']",
            kind="document",
        ),
    )
    # Several modules of a portal may hold news, each counting from 1, and any of them may be left out of addresses: the
    # number names an article together with its slug, without which the software redirects.
    article_urls: tuple[str, ...] = (
        rf"^/(?:vi/)?(?:(?P<language>[a-z]{{2}})/)?(?P<module>{LAWS})/detail/(?P<id>[^/?]+?)(?:\.html|/)?(?:\?|$)",
        rf"^/(?:vi/)?(?:(?P<language>[a-z]{{2}})/)?(?!{NO_NEWS}/)(?:[^/?]+/){{1,3}}(?P<slug>[^/?]*)-(?P<id>[1-9]\d*)\.html(?:\?|$)",
    )
    listing_urls: tuple[str, ...] = (r"^/(?:[^/?.]+/)+(?:page-\d+/?)?$",)
    # Each page in another theme: nvvithemever=m.
    alternate_urls: tuple[str, ...] = (r"/savefile/", r"^/(?:[\w-]+/)*print/", r"[?&]nv[a-z]{2}themever=")
    deny_urls: tuple[str, ...] = (
        r"/(?:sendmail|savefile|tag|author|banners|statistics|voting|content|users|seek|comment|remote|siteterms)(?:/|$)",
        r"[?&](?:nv|language|second|scaptcha|nv_redirect|openid|viewcat|order)=",
    )
