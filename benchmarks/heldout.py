"""Sites that the block model has not seen: fit it without them, extract their pages, score them.

    python benchmarks/heldout.py --shared ../shared

The first table is of portals: for each, word F1 (bag of words, mean over the pages with a gold text) from the page
alone and with a template learned from the portal's pages. Everything of the portal is left out of the fit, its articles
in other layouts included. These are the figures to expect of a portal that nobody has written anything for.

The second is of the public sets' sites of five pages or more, in four folds by site: headline and text against the gold
text, 4-token shingles, page alone and with the siblings seen; of each site the first 25 pages.
"""

from __future__ import annotations

import argparse
import gzip
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fit
import numpy as np
from portals import word_f1

from portal_crawler.extraction import scoring
from portal_crawler.extraction.article import extract
from portal_crawler.extraction.content import select
from portal_crawler.extraction.page import PageError, parse_html
from portal_crawler.extraction.template import Template
from portal_crawler.items import Capture, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterable

    from portal_crawler.extraction.wrapper import Wrapper

# What fit.py calls the portal -> the folder under pages/raw with more of its pages.
PORTALS = {"gold-hn-": "sotttt.hanoi.gov.vn", "gold-dkr": "dakrlap.daknong.gov.vn", "nukeviet": None}
EVERY = 20
# A site with so many pages has siblings to learn from; of each so many are scored.
GROUP, MOST = 5, 25


@dataclass
class Site:
    name = "unseen"
    province: str | None = None
    department: str | None = None
    wrappers: tuple[Wrapper, ...] = ()
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
    site = Site(template=template)
    scores: dict[str, list[float]] = {}
    for name, url, body, gold in pages:
        capture = Capture(url=f"http://localhost/{url}", body=body, fetched_at=datetime.now(UTC))
        found = extract(capture, site)
        texts = [] if isinstance(found, Rejected) else [found.text, f"{found.lead or ''}\n{found.text}"]
        scores.setdefault(name, []).append(max((word_f1(gold, text) for text in texts), default=0.0))
    return {name: sum(values) / len(values) for name, values in scores.items()}


def text_of(body: bytes, template: Template | None) -> str:
    """Headline and text of a page."""
    try:
        found = select(parse_html("http://localhost/", body, "text/html; charset=utf-8"), template)
    except PageError:
        return ""
    heads = [entry.text for entry in found.removed if entry.widget == "headline"]
    return "\n".join([*heads, *(block.text for block in found.kept)])


def siblings(shared: Path, data: dict[str, Any]) -> None:
    """Print shingle F1 over the sites of the public sets, each scored by the model of the other folds."""
    groups: dict[tuple[str, str], list[tuple[str, bytes, str]]] = defaultdict(list)
    for name, ident, site, body, gold in fit.pages(shared, ["daniel", "dragnet"], 1):
        groups[name, site].append((ident, body, gold))
    folds = np.array([fit.fold_of(site) for _, _, site, _, _ in data["pages"]])[data["page"]]
    scores: dict[tuple[str, str], list[tuple[float, float, float]]] = defaultdict(list)
    for fold in range(fit.FOLDS):
        use(fit.fit(data, folds != fold))
        for (name, site), pages in groups.items():
            if fit.fold_of(site) != fold or len(pages) < GROUP:
                continue
            template = learned(body for _, body, _ in pages[:MOST])
            for _, body, gold in pages[:MOST]:
                for label, known in (("page alone", None), ("with siblings", template)):
                    scores[name, label].append(fit.measure(fit.tokens(gold), fit.tokens(text_of(body, known))))
    for (name, label), values in sorted(scores.items()):
        precision, recall, words = np.nanmean(np.array(values), axis=0)
        f1 = 2 * precision * recall / (precision + recall)
        print(f"{name:8} {label:14} {len(values)} pages  shingle F1 {f1:.4f}  word F1 {words:.4f}", flush=True)


def use(booster: Any) -> None:
    """Score with another model from now on."""
    model = scoring.compiled(fit.plain(booster)["trees"])
    scoring._model = lambda: model  # type: ignore[assignment]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    options = parser.parse_args()
    data = fit.dataset(options.shared, list(fit.SETS), 10)
    sites = np.array([site for _, _, site, _, _ in data["pages"]])[data["page"]]
    everything = list(fit.pages(options.shared, ["portals", "capture", "nukeviet"], EVERY))
    for portal, folder in PORTALS.items():
        use(fit.fit(data, sites != portal))
        pages = [(name, url, body, gold) for name, url, site, body, gold in everything if site == portal]
        raw = [
            gzip.decompress(path.read_bytes()) for path in sorted((options.shared / "pages/raw").glob(f"{folder}/*.gz"))
        ]
        template = learned([*raw, *(body for name, _, body, _ in pages if name != "portals")])
        alone, with_site = score(pages, None), score(pages, template)
        for name, value in alone.items():
            print(f"{portal:10} {name:9} page alone {value:.4f}  with template {with_site[name]:.4f}", flush=True)
    siblings(options.shared, data)


if __name__ == "__main__":
    main()
