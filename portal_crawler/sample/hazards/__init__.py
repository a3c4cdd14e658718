"""Hazards: what real portals do to crawlers, each to be switched on by its name."""

from __future__ import annotations

from portal_crawler.sample.hazards import lists, pages, transport, traps
from portal_crawler.sample.hazards.base import Hazard

HAZARDS: dict[str, type[Hazard]] = {
    hazard.name: hazard
    for hazard in (
        traps.Calendar,
        traps.GrowingPaths,
        traps.Facets,
        traps.FacetPagers,
        traps.Tags,
        traps.RedirectLoop,
        traps.RedirectChain,
        traps.MetaRefresh,
        traps.SessionPath,
        traps.SessionQuery,
        traps.SessionSegment,
        traps.Aliases,
        transport.EndlessBody,
        transport.DrippingBody,
        transport.GzipBomb,
        transport.BrotliBomb,
        transport.TruncatedBody,
        transport.ConnectionReset,
        transport.ErrorBurst,
        transport.RateLimit,
        transport.DyingHost,
        pages.SoftNotFound,
        pages.GamblingSpam,
        pages.Challenge,
        pages.LoginWall,
        pages.ForbiddenByRobots,
        pages.CanonicalHome,
        pages.LyingCharset,
        pages.PrivateRedirect,
        lists.ListGap,
        lists.ListEnds,
        lists.ExpiredState,
        lists.LoadMore,
        lists.DateArchive,
        lists.Pinned,
        lists.SitemapBomb,
        lists.BrokenSitemaps,
        lists.DeadSitemap,
        lists.EndlessSitemaps,
    )
}

__all__ = ["HAZARDS", "Hazard"]
