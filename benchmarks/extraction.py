"""Compare article extraction with its peers: general gold pages and portal pages, page alone and with siblings.

    python benchmarks/extraction.py --shared ../shared --set daniel portals --extractor ours trafilatura

``--shared`` names a folder with ``bench`` (one folder a set, and ``peers.py``, which scores) and ``pages`` (portal
pages with gold texts). The model behind the page-alone figures was fitted on these very sets; ``fit.py`` prints what it
reaches on sites that it has not seen, and those are the honest figures.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from portal_crawler.extraction.article import extract
from portal_crawler.extraction.content import select
from portal_crawler.extraction.page import PageError, parse_html
from portal_crawler.extraction.template import Template
from portal_crawler.extraction.verdicts import Selection
from portal_crawler.items import Capture, Rejected

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal_crawler.extraction.wrapper import Wrapper

SETS = ("daniel", "dragnet", "cleaneval", "readability", "portals")
PEERS = ("trafilatura", "resiliparse", "readability-lxml", "justext", "newspaper4k", "magic-html")
# From so many pages on a site counts as a group whose pages help each other.
GROUP = 5


class GoldPage(NamedTuple):
    """A page with its gold text; ``forbidden`` are strings of widgets around the article."""

    ident: str
    url: str
    group: str
    body: bytes
    gold: str
    forbidden: list[str]


def bench_pages(folder: Path) -> list[GoldPage]:
    """The pages of one set of ``bench``."""
    rows = [json.loads(line) for line in (folder / "gold.jsonl").read_text("utf-8").splitlines()]
    return [
        GoldPage(
            row["id"], row.get("url", ""), row.get("group") or row["id"],
            gzip.decompress((folder / f"{row['id']}.html.gz").read_bytes()), row["gold_text"], [],
        )
        for row in rows
        if row["gold_text"]
    ]  # fmt: skip


def read(path: Path) -> bytes:
    """A page's bytes, compressed or not."""
    body = (path if path.exists() else path.with_name(path.name + ".gz")).read_bytes()
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body


def portal_pages(folder: Path) -> list[GoldPage]:
    """The gold portal pages."""
    rows = [
        json.loads(path.read_text("utf-8")) | {"id": path.stem} for path in sorted((folder / "gold").glob("*.json"))
    ]
    return [
        GoldPage(row["id"], row["url"] or "", Path(row["file"]).parent.name, read(folder / row["file"]),
                 row["body_text"], row["must_not_contain"])
        for row in rows
    ]  # fmt: skip


def learned(pages: list[tuple[bytes, str]]) -> Template:
    """The template that pages of one site have in common."""
    template = Template()
    for body, key in pages:
        try:
            template.learn(parse_html("http://localhost/", body, "text/html; charset=utf-8"), key)
        except PageError:  # an unreadable page teaches nothing
            continue
    return template


def selection(page: GoldPage, template: Template | None) -> Selection | None:
    """Our decision over a page; None where it is no page."""
    try:
        return select(parse_html(page.url or "http://localhost/", page.body, "text/html; charset=utf-8"), template)
    except PageError:
        return None


def score(peers: Any, page: GoldPage, text: str) -> dict[str, float]:
    """Scores of one page: shingle precision and recall, word F1, whether a forbidden string is in the text."""
    scores: dict[str, float] = peers.score_page({"id": page.ident, "gold_text": page.gold}, text)
    flat = peers.squeeze(text)
    scores["leaks"] = any(peers.squeeze(string) in flat for string in page.forbidden)
    return scores


def table_row(peers: Any, name: str, scores: list[dict[str, Any]]) -> str:
    """One line of the table."""
    facts = peers.summarize(scores)
    leaks = sum(entry["leaks"] for entry in scores)
    return (
        f"| {name} | {len(scores)} | {facts['precision']:.3f} | {facts['recall']:.3f} | {facts['f1']:.3f} "
        f"| {facts['word_f1_mean']:.3f} | {leaks} |"
    )


def ours(peers: Any, pages: list[GoldPage], others: dict[str, list[tuple[bytes, str]]]) -> None:
    """Print our lines: all pages alone; pages of large groups alone and with their siblings."""
    groups: dict[str, list[GoldPage]] = defaultdict(list)
    for page in pages:
        groups[page.group].append(page)
    alone, alone_grouped, together = [], [], []
    for name, group in groups.items():
        siblings = others.get(name) or [(page.body, page.url or page.ident) for page in group]
        template = learned(siblings) if len(siblings) >= GROUP else None
        for page in group:
            scores = score(peers, page, _text(selection(page, None)))
            alone.append(scores)
            if template is not None:
                alone_grouped.append(scores)
                together.append(score(peers, page, _text(selection(page, template))))
    print(table_row(peers, "ours, page alone", alone))
    if together:
        print(table_row(peers, f"ours, page alone (sites of {GROUP} pages or more)", alone_grouped))
        print(table_row(peers, "ours, with siblings (the same pages)", together))


def _text(found: Selection | None) -> str:
    return "\n".join(block.text for block in found.kept) if found is not None else ""


def peer(peers: Any, name: str, pages: list[GoldPage]) -> None:
    """Print a peer's line, or that it is not installed."""
    try:
        extract: Callable[[bytes, str], str] = peers.ADAPTERS[name]()
    except ImportError as problem:
        print(f"| {name} | not installed ({problem.name}) |")
        return
    scores = []
    for page in pages:
        try:
            text = extract(page.body, page.url) or ""
        except Exception as problem:
            print(f"{name} failed on {page.ident}: {type(problem).__name__}", file=sys.stderr)
            text = ""
        scores.append(score(peers, page, text))
    print(table_row(peers, name, scores))


@dataclass
class Site:
    """What our door wants to know of a portal: nothing."""

    name = "unseen"
    province: str | None = None
    department: str | None = None
    wrappers: tuple[Wrapper, ...] = ()
    template: Template | None = None


def our_fields(page: GoldPage, template: Template | None) -> dict[str, str | None]:
    """Title, date and author as we read them."""
    headers = {"content-type": "text/html; charset=utf-8"}
    found = extract(
        Capture(url=page.url, body=page.body, fetched_at=datetime.now(UTC), headers=headers), Site(template=template)
    )
    if isinstance(found, Rejected):
        return {}
    return {"title": found.title, "date": found.published_at, "author": found.author}


def trafilatura_fields(page: GoldPage) -> dict[str, str | None]:
    from trafilatura import bare_extraction

    found = bare_extraction(page.body.decode("utf-8", "replace"), url=page.url, with_metadata=True)
    assert not isinstance(found, dict)  # which it is only where it is asked to be
    return {} if found is None else {"title": found.title, "date": found.date, "author": found.author}


def newspaper_fields(page: GoldPage) -> dict[str, str | None]:
    import newspaper

    found = newspaper.Article(page.url or "http://localhost/", fetch_images=False)
    found.download(input_html=page.body.decode("utf-8", "replace"))
    found.parse()
    date = found.publish_date.isoformat() if found.publish_date else None
    return {"title": found.title, "date": date, "author": "; ".join(found.authors) or None}


def fields_table(folder: Path, pages: list[GoldPage], others: dict[str, list[tuple[bytes, str]]]) -> None:
    """Print how many titles, dates (the day) and authors are exactly those of the gold pages, where those have one."""
    gold = {path.stem: json.loads(path.read_text("utf-8")) for path in (folder / "gold").glob("*.json")}
    templates = {site: learned(siblings) for site, siblings in others.items()}
    runs: dict[str, Callable[[GoldPage], dict[str, str | None]]] = {
        "ours, page alone": lambda page: our_fields(page, None),
        "ours, with the site's template": lambda page: our_fields(page, templates.get(page.group)),
        "trafilatura": trafilatura_fields,
        "newspaper4k": newspaper_fields,
    }
    print("\n| extractor | title | date | author | authors where the page has none |\n|---|---|---|---|---|")
    for name, run in runs.items():
        right, shown, invented = Counter[str](), Counter[str](), 0
        try:
            for page in pages:
                row, found = gold[page.ident], run(page)
                for field, key in (("title", "title"), ("date", "published_at"), ("author", "author")):
                    if want := row[key]:
                        shown[field] += 1
                        got = found.get(field) or ""
                        right[field] += got[:10] == want[:10] if field == "date" else got == want
                invented += not row["author"] and bool(found.get("author"))
        except ImportError as problem:
            print(f"| {name} | not installed ({problem.name}) |")
            continue
        counts = " | ".join(f"{right[field]} of {shown[field]}" for field in ("title", "date", "author"))
        print(f"| {name} | {counts} | {invented} |")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--set", nargs="+", default=list(SETS), choices=SETS)
    parser.add_argument("--extractor", nargs="+", default=["ours", *PEERS])
    parser.add_argument("--limit", type=int, help="only the first so many pages of each set")
    options = parser.parse_args()
    if not options.shared.is_dir():
        parser.error(f"{options.shared} is no folder: give the one with bench/ and pages/ by --shared")
    spec = importlib.util.spec_from_file_location("peers", options.shared / "bench" / "peers.py")
    if spec is None or spec.loader is None:
        parser.error(f"{options.shared}/bench has no peers.py")
    peers = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(peers)
    for name in options.set:
        others: dict[str, list[tuple[bytes, str]]] = {}
        if name == "portals":
            pages = portal_pages(options.shared / "pages")
            for site in (options.shared / "pages" / "raw").iterdir():
                others[site.name] = [(read(path), path.name) for path in sorted(site.iterdir())]
        else:
            pages = bench_pages(options.shared / "bench" / name)
        pages = pages[: options.limit]
        print(
            f"\n{name}\n\n| extractor | pages | precision | recall | F1 | word F1 | pages with leaks |\n"
            "|---|---|---|---|---|---|---|"
        )
        for extractor in options.extractor:
            if extractor == "ours":
                ours(peers, pages, others)
            else:
                peer(peers, extractor, pages)
            sys.stdout.flush()
        if name == "portals":
            fields_table(options.shared / "pages", pages, others)


if __name__ == "__main__":
    main()
