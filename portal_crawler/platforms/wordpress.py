"""WordPress, which some agencies (police, unions, schools) run."""

from __future__ import annotations

from portal_crawler.extraction.wrapper import Wrapper
from portal_crawler.platforms.portal import PortalSpider


class WordPressSpider(PortalSpider):
    """Portals on WordPress, with pretty permalinks or plain ones."""

    platform = "wordpress"
    wrappers: tuple[Wrapper, ...] = (
        Wrapper(
            article="body.single article.post, body.single article.type-post, article[itemtype*='Article']",
            title=".entry-title, .td-post-title h1, h1.post-title",
            lead=".td-post-sub-title, .entry-summary, .sapo",
            published=".entry-date.published, time.entry-date:not(.updated), .td-post-date time, .posted-on time",
            modified="time.updated:not(.published)",
            author=".td-post-author-name a, .author.vcard a, .byline .author",
            section=".td-crumb-container a, .entry-crumbs a, .breadcrumb a, .breadcrumbs a, .cat-links a",
            tags=".td-tags a, .tags-links a, .tag-links a",
            body=".td-post-content, .entry-content",
            drop=(".sharedaddy", ".jp-relatedposts", ".td-a-rec", ".post-views", ".addtoany_share_save_container"),
        ),
    )
    article_urls: tuple[str, ...] = (
        r"^/(?:[^/?]+/)*?(?P<id>(?:19|20)\d\d/\d\d(?:/\d\d)?/(?!\d+/?$)[^/?]+)/?$",  # /2024/03/slug/, no day's
        r"[?&]p=(?P<id>\d+)(?:&|$)",
        r"^/(?!(?:category|chuyen-muc|tag|author|page|wp-\w+|the|tac-gia)/)(?:[\w-]+/)?(?P<id>(?:[a-z0-9]+-){3,}[a-z0-9]+)(?:\.html)?/?$",
    )
    listing_urls: tuple[str, ...] = (r"^/(?:category|chuyen-muc)/", r"/page/\d+/?$")
    deny_urls: tuple[str, ...] = (
        r"/(?:tag|author|tac-gia|the)/",
        r"/wp-(?:content|includes|json|admin)(?:/|$)",
        r"[?&](?:replytocom|share|nb|attachment_id|like_comment)=",
        r"^/(?:19|20)\d\d/\d\d/\d\d/?(?:page/\d+/?)?$",  # a day of the calendar: its month shows the same
        r"/(?:feed|trackback|embed|comment-page-\d+|attachment)(?:/|$)",
    )
