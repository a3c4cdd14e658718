"""Fit the model of ``portal_crawler.extraction.scoring`` over gold pages, and write it as plain numbers.

    python benchmarks/fit.py --shared ../shared --out portal_crawler/extraction/text_model.json

Labels come from aligning the tokens of a page with those of its gold text: a block is text if most of its tokens are in
the longest common subsequence. All pages of one site are in one fold, so the printed figures are those of sites that
the model has not seen. Needs lightgbm and rapidfuzz (the extra ``bench``).
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import unicodedata
from collections import Counter
from multiprocessing import Pool
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
from layouts import rebuilt

from portal_crawler.extraction.blocks import blocks
from portal_crawler.extraction.page import PageError, parse_html
from portal_crawler.extraction.scoring import FEATURES, outline, rows, words_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

TOKEN = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]|[^\W\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+"
)
FOLDS = 4
# Longer pages are left out: they teach little and weigh much.
MOST_BLOCKS = 1_500
# How much a page of each set counts.
SETS = {
    "daniel": 1.0, "dragnet": 1.0, "cleaneval": 0.15, "readability": 1.0, "portals": 1.5, "capture": 0.3,
    "nukeviet": 1.0, "sample": 0.5, "layouts": 0.5,
}  # fmt: skip
PARAMETERS = {
    "objective": "binary", "learning_rate": 0.15, "num_leaves": 12, "min_data_in_leaf": 200, "feature_fraction": 0.5,
    "bagging_fraction": 0.7, "bagging_freq": 1, "lambda_l2": 5.0, "verbose": -1, "num_threads": 1,
    "seed": 7, "deterministic": True,
}  # fmt: skip
TREES = 60


def tokens(text: str) -> list[str]:
    return TOKEN.findall(unicodedata.normalize("NFC", text).casefold())


def pages(shared: Path, sets: Sequence[str], every: int) -> Iterator[tuple[str, str, str, bytes, str]]:
    """Set, page id, site, body and gold text of every page with a gold text."""
    for name in [name for name in sets if (shared / "bench" / name).is_dir()]:
        for line in (shared / "bench" / name / "gold.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            if row["gold_text"]:
                body = gzip.decompress((shared / "bench" / name / f"{row['id']}.html.gz").read_bytes())
                yield name, row["id"], row.get("site") or row["id"], body, row["gold_text"]
    if "portals" in sets:
        yield from gold_pages(shared)
    if "capture" in sets:
        yield from capture_pages(shared / "captures", every)
    if "nukeviet" in sets:
        yield from nukeviet_pages(shared / "captures")
    if "sample" in sets:
        yield from sample_pages(every)
    if "layouts" in sets:
        yield from rebuilt_pages(shared / "captures", every)


def gold_pages(shared: Path) -> Iterator[tuple[str, str, str, bytes, str]]:
    """The single pages of two portals with gold texts."""
    for path in sorted((shared / "pages" / "gold").glob("*.json")):
        row = json.loads(path.read_text("utf-8"))
        source = shared / "pages" / f"{row['file']}"
        source = source if source.exists() else source.with_name(source.name + ".gz")
        body = source.read_bytes()
        body = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
        yield "portals", path.stem, "gold-" + path.stem[:3], body, row["body_text"]


def capture_pages(folder: Path, every: int) -> Iterator[tuple[str, str, str, bytes, str]]:
    """Every so-manieth article of the captured Liferay portal."""
    rows = truth(folder / "hanoi_sotttt.truth.jsonl.gz")[::every]
    wanted = {row["url"]: f"{row.get('lead') or ''}\n{row['text']}" for row in rows if row["text"]}
    for url, body in bodies(folder / "hanoi_sotttt.warc.gz", wanted):
        yield "capture", url, "gold-hn-", body, wanted[url]


def nukeviet_pages(folder: Path) -> Iterator[tuple[str, str, str, bytes, str]]:
    """The articles of the captured NukeViet portal."""
    rows = truth(folder / "nukeviet.truth.jsonl.gz")
    wanted = {row["url"]: "\n".join([row["lead"] or "", *row["captions"], *row["body_paragraphs"]]) for row in rows}
    for url, body in bodies(folder / "nukeviet.warc.gz", wanted):
        yield "nukeviet", url, "nukeviet", body, wanted[url]


def sample_pages(every: int) -> Iterator[tuple[str, str, str, bytes, str]]:
    """Every so-manieth article of the embedded sample province."""
    from urllib.request import urlopen

    from portal_crawler.sample.province import SampleProvince

    with SampleProvince() as province:
        for name, portal in province.truth().items():
            for article in portal.articles[::every]:
                with urlopen(article.url) as answer:
                    yield "sample", article.url, name, answer.read(), article.text


def rebuilt_pages(folder: Path, every: int) -> Iterator[tuple[str, str, str, bytes, str]]:
    """Articles of the captured portals in other layouts; every second one cut short, as short ones are the harder."""
    random = Random(7)
    rows = [
        (row["title"], [line for line in row["text"].split("\n") if line.strip()], "gold-hn-")
        for row in truth(folder / "hanoi_sotttt.truth.jsonl.gz")[5::every]
    ] + [
        (row["title"], row["body_paragraphs"], "nukeviet") for row in truth(folder / "nukeviet.truth.jsonl.gz")
    ]  # fmt: skip
    titles = [title for title, _, _ in rows if title]
    for number, (title, paragraphs, site) in enumerate(rows):
        kept = paragraphs if number % 2 else paragraphs[: random.randint(1, 3)]
        if title and any(len(text.split()) > 12 for text in kept):
            html = rebuilt(title, kept, random.sample(titles, 6), random)
            yield "layouts", f"layout-{number}", site, html.encode(), "\n".join(kept)


def truth(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as source:
        return [json.loads(line) for line in source]


def bodies(path: Path, wanted: Container[str]) -> Iterator[tuple[str, bytes]]:
    """Address and body of the wanted pages of a WARC file, each once."""
    from warcio.archiveiterator import ArchiveIterator

    met: set[str] = set()
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream):
            url = record.rec_headers.get_header("WARC-Target-URI")
            if record.rec_type == "response" and url in wanted and url not in met:
                met.add(url)
                yield url, record.content_stream().read()


def labels(texts: list[list[str]], want: list[str]) -> list[float]:
    """Share of each block's tokens that are in the longest common subsequence of page and gold text."""
    from rapidfuzz.distance import LCSseq

    flow: list[str] = []
    ends = []
    for words in texts:
        flow += words
        ends.append(len(flow))
    hit = np.zeros(len(flow) + 1)
    for step in LCSseq.opcodes(flow, want):
        if step.tag == "equal":
            hit[step.src_start : step.src_end] = 1
    sums = np.concatenate([[0], np.cumsum(hit)])
    result = []
    begin = 0
    for end in ends:
        result.append(float(sums[end] - sums[begin]) / (end - begin) if end > begin else -1.0)
        begin = end
    return result


def prepared(job: tuple[str, str, str, bytes, str]) -> tuple[Any, ...] | None:
    """One page's tokens, features, labels and weights."""
    name, ident, site, body, gold = job
    try:
        page = parse_html("http://localhost/", body, "text/html; charset=utf-8")
    except PageError:
        return None
    found = blocks(page)
    if not found or len(found) > MOST_BLOCKS:
        return None
    counts = [words_of(block) for block in found]
    texts = [tokens(block.text) for block in found]
    want = tokens(gold)
    shares = np.array(labels(texts, want), dtype=np.float32)
    sizes = np.array([min(len(words), 80) for words in texts])
    weights = np.where(shares < 0, 0.0, 0.2 + sizes / max(30, len(want)) * 20) * SETS[name]
    features = np.array(rows(page, found, counts, outline(found, counts), every=True), dtype=np.float32)
    return (name, ident, site, want, texts), features, shares, weights


def dataset(shared: Path, sets: Sequence[str], every: int) -> dict[str, Any]:
    """Features, labels, weights and page numbers of all blocks."""
    with Pool(3) as pool:
        done = [page for page in pool.imap(prepared, pages(shared, sets, every), chunksize=8) if page is not None]
    return {
        "pages": [page[0] for page in done],
        "x": np.concatenate([page[1] for page in done]),
        "y": np.concatenate([page[2] for page in done]),
        "w": np.concatenate([page[3] for page in done]),
        "page": np.concatenate([np.full(len(page[2]), number) for number, page in enumerate(done)]),
    }


def page_scores(data: dict[str, Any], keep: Any) -> dict[str, list[tuple[float, float, float]]]:
    """Precision, recall (4-token shingles) and word F1 of each page, by set."""
    result: dict[str, list[tuple[float, float, float]]] = {}
    starts = np.searchsorted(data["page"], np.arange(len(data["pages"]) + 1))
    for number, (name, _, _, gold, texts) in enumerate(data["pages"]):
        mine: list[str] = []
        for words, kept in zip(texts, keep[starts[number] : starts[number + 1]], strict=True):
            if kept:
                mine += words
        result.setdefault(name, []).append(measure(gold, mine))
    return result


def measure(gold: list[str], mine: list[str]) -> tuple[float, float, float]:
    """Precision and recall over 4-token shingles, F1 over words."""
    a, b = (Counter(zip(*(t[i:] for i in range(4)), strict=False)) for t in (gold, mine))
    common = (a & b).total()
    words = (Counter(gold) & Counter(mine)).total()
    precision = common / b.total() if b else float("nan")
    return precision, common / a.total() if a else 0.0, 2 * words / (len(gold) + len(mine)) if gold or mine else 0.0


def report(data: dict[str, Any], keep: Any, title: str) -> None:
    print(title, end=": ")
    for name, scores in page_scores(data, keep).items():
        p, r, w = np.nanmean(np.array(scores), axis=0)
        print(f"{name} f1 {2 * p * r / (p + r):.4f} p {p:.3f} r {r:.3f} w {w:.3f}", end="; ")
    print(flush=True)


def fold_of(site: str) -> int:
    import zlib

    return zlib.crc32(site.encode()) % FOLDS


def fit(data: dict[str, Any], mask: Any) -> Any:
    import lightgbm

    use = mask & (data["y"] >= 0)
    target = (data["y"][use] >= 0.6).astype(int)
    return lightgbm.train(PARAMETERS, lightgbm.Dataset(data["x"][use], target, weight=data["w"][use]), TREES)


def plain(booster: Any) -> dict[str, Any]:
    """The trees as nested lists: ``[feature, threshold, left, right]`` or a number."""

    def node(tree: dict[str, Any]) -> Any:
        if "leaf_value" in tree:
            return round(tree["leaf_value"], 5)
        threshold = float(f"{tree['threshold']:.6g}")
        return [tree["split_feature"], threshold, node(tree["left_child"]), node(tree["right_child"])]

    trees = [node(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"]]
    return {"format": 1, "features": list(FEATURES), "trees": trees}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--out", type=Path)
    parser.add_argument("--every", type=int, default=10, help="every so-manieth article of the capture")
    parser.add_argument("--set", nargs="+", default=list(SETS), choices=list(SETS))
    options = parser.parse_args()
    data = dataset(options.shared, options.set, options.every)
    print(f"{len(data['pages'])} pages, {len(data['y'])} blocks", flush=True)
    if options.out:
        write(plain(fit(data, np.ones(len(data["y"]), bool))), options.out)
    folds = np.array([fold_of(site) for _, _, site, _, _ in data["pages"]])[data["page"]]
    guess = np.zeros(len(data["y"]))
    for fold in range(FOLDS):
        guess[folds == fold] = fit(data, folds != fold).predict(data["x"][folds == fold])
    report(data, guess >= 0.5, "sites held out")
    report(data, data["y"] >= 0.5, "the best that blocks can do")


def write(model: dict[str, Any], path: Path) -> None:
    """Write the model, one tree a line."""
    head = json.dumps({key: model[key] for key in ("format", "features")})[:-1]
    lines = ",\n".join(json.dumps(tree, separators=(",", ":")) for tree in model["trees"])
    path.write_text(f'{head},\n"trees": [\n{lines}\n]}}\n', "utf-8")


if __name__ == "__main__":
    main()
