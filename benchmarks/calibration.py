"""Calibrate the confidence of an extraction: what word F1 does a figure stand for on pages of sites not seen before?

    python benchmarks/calibration.py --shared ../shared [--out portal_crawler/extraction/confidence.json]

Every site is scored by a block model that was fitted without it, page alone and with the site's template where there
are pages enough. The raw figure (the F1 that the model's own probabilities let expect) is mapped to the observed word
F1 by isotonic regression (Barlow and others 1972; Zadrozny and Elkan 2002 for calibration), for each kind of evidence
by itself. The table printed is of maps fitted without the site's fold: mean confidence beside mean word F1.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import fit
import numpy as np
from heldout import learned
from portals import word_f1
from sklearn.isotonic import IsotonicRegression

from portal_crawler.extraction import scoring
from portal_crawler.extraction.content import select
from portal_crawler.extraction.page import PageError, parse_html

# A site with fewer pages has no template; of larger ones so many are scored.
GROUP, MOST = 5, 40
# Knots of a map.
KNOTS = 12
EVERY = 20
BINS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 1.001)


class Mark(NamedTuple):
    """A page: the evidence that decided, its fold, raw confidence, word F1 of headline and text, weight."""

    evidence: str
    fold: int
    raw: float
    f1: float
    weight: float


def marks_of(pages: list[tuple[str, bytes, str]], fold: int, weight: float, extra: list[bytes]) -> list[Mark]:
    """Score the pages of one site (id, body, gold text)."""
    template = learned([*extra, *(body for _, body, _ in pages)]) if len(pages) + len(extra) >= GROUP else None
    found = []
    for _, body, gold in pages[:MOST]:
        try:
            page = parse_html("http://localhost/", body, "text/html; charset=utf-8")
        except PageError:
            continue
        for known in (None, template) if template is not None and template.ready else (None,):
            selection = select(page, known)
            heads = [entry.text for entry in selection.removed if entry.widget == "headline"]
            text = "\n".join(block.text for block in selection.kept)
            best = max(word_f1(gold, text), word_f1(gold, "\n".join([*heads, text])))
            found.append(Mark("template" if known else "page", fold, selection.expected, best, weight))
    return found


def gather(shared: Path) -> list[Mark]:
    """Score every site by a model fitted without it."""
    data = fit.dataset(shared, list(fit.SETS), 10)
    sites = np.array([site for _, _, site, _, _ in data["pages"]])[data["page"]]
    folds = np.array([fit.fold_of(site) for _, _, site, _, _ in data["pages"]])[data["page"]]
    groups: dict[tuple[str, str], list[tuple[str, bytes, str]]] = defaultdict(list)
    for name, ident, site, body, gold in fit.pages(
        shared, ["daniel", "dragnet", "portals", "capture", "nukeviet"], EVERY
    ):
        groups[name, site].append((ident, body, gold))
    raw = {"gold-hn-": "sotttt.hanoi.gov.vn", "gold-dkr": "dakrlap.daknong.gov.vn"}
    marks: list[Mark] = []
    models: dict[Any, Any] = {}
    for (name, site), pages in groups.items():
        portal = name not in ("daniel", "dragnet")
        key = site if portal else fit.fold_of(site)
        if key not in models:
            kept = sites != site if portal else folds != key
            models[key] = scoring.compiled(fit.plain(fit.fit(data, kept))["trees"])
        scoring._model = lambda key=key: models[key]  # type: ignore[assignment]
        more = sorted((shared / "pages" / "raw" / raw.get(site, "-")).glob("*.gz")) if portal else []
        extra = [gzip.decompress(path.read_bytes()) for path in more]
        # Portals are what the figure is for: together they weigh as much as all the others.
        marks += marks_of(pages, fit.fold_of(site + name), 4.0 if portal else 1.0, extra)
    return marks


def curve(marks: list[Mark]) -> list[tuple[float, float]]:
    """The map of one kind of evidence as knots (raw, calibrated), rising."""
    # Where nothing is expected there is nothing: no gold page shows that, as each of them holds an article.
    marks = [*marks, *[Mark("", 0, 0.0, 0.0, 1.0)] * 5]
    raw = np.array([mark.raw for mark in marks])
    model = IsotonicRegression(out_of_bounds="clip", y_min=0.0, y_max=1.0)
    model.fit(raw, [mark.f1 for mark in marks], sample_weight=[mark.weight for mark in marks])
    knots = np.unique(np.concatenate([np.linspace(0, 1, 6), np.quantile(raw, np.linspace(0, 1, KNOTS))]).round(3))
    return [(float(x), round(float(y), 3)) for x, y in zip(knots, model.predict(knots), strict=True)]


def report(marks: list[Mark]) -> None:
    """Print the table of reliability, its expected error, and what the lowest tenth holds."""
    print("| evidence | confidence | pages | mean confidence | mean word F1 | pages of F1 >= 0.9 |")
    print("| --- | --- | --- | --- | --- | --- |")
    for evidence in ("page", "template"):
        mine = [mark for mark in marks if mark.evidence == evidence]
        pairs = []
        for fold in range(fit.FOLDS):
            raws, observed = zip(*curve([mark for mark in mine if mark.fold != fold]), strict=True)
            pairs += [(float(np.interp(mark.raw, raws, observed)), mark.f1) for mark in mine if mark.fold == fold]
        error = 0.0
        for low, high in pairwise(BINS):
            inside = [pair for pair in pairs if low <= pair[0] < high]
            if inside:
                said, seen = np.mean(inside, axis=0)
                error += abs(said - seen) * len(inside) / len(pairs)
                good = np.mean([f1 >= 0.9 for _, f1 in inside])
                spread = f"{low:.2f} to {min(1, high):.2f}"
                print(f"| {evidence} | {spread} | {len(inside)} | {said:.3f} | {seen:.3f} | {good:.2f} |")
        pairs.sort()
        tenth = [f1 for _, f1 in pairs[: len(pairs) // 10]]
        rest = [f1 for _, f1 in pairs[len(pairs) // 10 :]]
        print(f"{evidence}: expected calibration error {error:.3f}; below F1 0.9: "
              f"{np.mean([f1 < 0.9 for f1 in tenth]):.2f} of the least confident tenth, "
              f"{np.mean([f1 < 0.9 for f1 in rest]):.2f} of the rest", flush=True)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    marks = gather(options.shared)
    report(marks)
    if options.out:
        curves = {kind: curve([mark for mark in marks if mark.evidence == kind]) for kind in ("page", "template")}
        options.out.write_text(json.dumps(curves, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
