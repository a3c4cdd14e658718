"""Portals that the block model has not seen: fit it without one portal, extract that portal's pages, score them.

    python benchmarks/heldout.py --shared ../shared

For each portal, word F1 (bag of words, mean over the pages with a gold text) from the page alone and with a template
learned from the portal's pages. Everything of the portal is left out of the fit, its articles in other layouts
included. These are the figures to expect of a portal that nobody has written anything for.
"""

from __future__ import annotations

import argparse
import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import fit
import numpy as np
from portals import word_f1

from portal_crawler.extraction import scoring
from portal_crawler.extraction.article import extract
from portal_crawler.extraction.page import PageError, parse_html
from portal_crawler.extraction.template import Template
from portal_crawler.items import Capture, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterable

# What fit.py calls the portal -> the folder under pages/raw with more of its pages.
PORTALS = {"gold-hn-": "sotttt.hanoi.gov.vn", "gold-dkr": "dakrlap.daknong.gov.vn", "nukeviet": None}
EVERY = 20


class Site:
    name = "unseen"
    province = department = None
    wrappers = ()
    template: Template | None = None


def learned(pages: Iterable[bytes]) -> Template:
    template = Template()
    for number, body in enumerate(pages):
        try:
            template.learn(parse_html("http://localhost/", body), str(number))
        except PageError:  # a page that cannot be read teaches nothing
            continue
    return template


def score(pages: list[tuple[str, str, bytes, str]], template: Template | None) -> dict[str, float]:
    """Mean word F1 of each set; the best of text, and lead and text, as the sets differ in what they call the text."""
    Site.template = template
    scores: dict[str, list[float]] = {}
    for name, url, body, gold in pages:
        capture = Capture(url=f"http://localhost/{url}", body=body, fetched_at=datetime.now(UTC))
        found = extract(capture, Site)
        texts = [] if isinstance(found, Rejected) else [found.text, f"{found.lead or ''}\n{found.text}"]
        scores.setdefault(name, []).append(max((word_f1(gold, text) for text in texts), default=0.0))
    return {name: sum(values) / len(values) for name, values in scores.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    options = parser.parse_args()
    data = fit.dataset(options.shared, list(fit.SETS), 10)
    sites = np.array([site for _, _, site, _, _ in data["pages"]])[data["page"]]
    everything = list(fit.pages(options.shared, ["portals", "capture", "nukeviet"], EVERY))
    for portal, folder in PORTALS.items():
        trees = [scoring._frozen(tree) for tree in fit.plain(fit.fit(data, sites != portal))["trees"]]
        scoring._trees = lambda trees=trees: trees  # type: ignore[assignment]
        pages = [(name, url, body, gold) for name, url, site, body, gold in everything if site == portal]
        raw = [
            gzip.decompress(path.read_bytes()) for path in sorted((options.shared / "pages/raw").glob(f"{folder}/*.gz"))
        ]
        template = learned([*raw, *(body for name, _, body, _ in pages if name != "portals")])
        alone, with_site = score(pages, None), score(pages, template)
        for name, value in alone.items():
            print(f"{portal:10} {name:9} page alone {value:.4f}  with template {with_site[name]:.4f}", flush=True)


if __name__ == "__main__":
    main()
