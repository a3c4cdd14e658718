"""Pages a second of the extractor, as ratios to trafilatura and resiliparse measured in the same run; and its memory.

    python benchmarks/speed.py --shared ../shared [--rounds 3] [--limit 60]
    python benchmarks/speed.py --shared ../shared --pages 100000
    python benchmarks/speed.py --hostile

Pages are those of pages/gold and the same sites' others (about 60 kB each). All extractors get the same bytes, take
turns page by page, and the process's own CPU seconds are the clock, since a machine may be shared; of each page the
fastest of the rounds counts. ``--pages`` extracts so many pages (the same ones over and over, each with another text)
while the template goes on learning, and prints how the peak memory grows. ``--hostile`` times pages made to be slow.
"""

from __future__ import annotations

import argparse
import gzip
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from portal_crawler.extraction.content import select
from portal_crawler.extraction.page import PageError, parse_html
from portal_crawler.extraction.template import Template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

URL = "http://localhost/"
TYPE = "text/html; charset=utf-8"
# Pages that a template is learned from before the clock runs.
LEARNED = 60


def corpus(shared: Path, limit: int) -> dict[str, list[bytes]]:
    """Bodies by site, at most so many of each."""
    sites = sorted(path for path in (shared / "pages" / "raw").iterdir() if path.is_dir())
    found = {
        site.name: [gzip.decompress(path.read_bytes()) for path in sorted(site.glob("*.gz"))[:limit]] for site in sites
    }
    return {site: bodies for site, bodies in found.items() if bodies}


def learned(bodies: Iterable[bytes]) -> Template:
    template = Template()
    for number, body in enumerate(bodies):
        template.learn(parse_html(URL, body, TYPE), str(number))
    return template


def ours(template: Template | None) -> Callable[[bytes], object]:
    return lambda body: select(parse_html(URL, body, TYPE), template)


def peers() -> dict[str, Callable[[bytes], object]]:
    """Peers that are installed."""
    found: dict[str, Callable[[bytes], object]] = {}
    try:
        from trafilatura import extract

        found["trafilatura"] = lambda body: extract(body.decode("utf-8", "replace"), include_comments=False)
    except ImportError as problem:
        print(f"trafilatura: left out, {problem}", file=sys.stderr)
    try:
        from resiliparse.extract.html2text import extract_plain_text

        found["resiliparse"] = lambda body: extract_plain_text(body.decode("utf-8", "replace"), main_content=True)
    except ImportError as problem:
        print(f"resiliparse: left out, {problem}", file=sys.stderr)
    return found


def compare(shared: Path, limit: int, rounds: int) -> None:
    """Print pages a second and the ratios between them."""
    spent: dict[str, float] = {}
    count = size = 0
    for bodies in corpus(shared, limit).values():
        # A site with fewer pages than make a template is measured with what was learned from them.
        runs = {"ours, page alone": ours(None), "ours, template learned": ours(learned(bodies[:LEARNED])), **peers()}
        count, size = count + len(bodies), size + sum(map(len, bodies))
        for body in bodies:
            best = dict.fromkeys(runs, float("inf"))
            for _ in range(rounds):
                for name, run in runs.items():
                    start = time.process_time()
                    run(body)
                    best[name] = min(best[name], time.process_time() - start)
            for name, seconds in best.items():
                spent[name] = spent.get(name, 0.0) + seconds
    print(f"{count} pages, {size / count / 1000:.0f} kB on average\n")
    names = [name for name in ("trafilatura", "resiliparse") if name in spent]
    print("| extractor | pages/s | ms a page |" + "".join(f" x {name} |" for name in names))
    print("| --- | --- | --- |" + " --- |" * len(names))
    for name, seconds in spent.items():
        ratios = "".join(f" {spent[other] / seconds:.2f} |" for other in names)
        print(f"| {name} | {count / seconds:.0f} | {1000 * seconds / count:.2f} |{ratios}")


def peak() -> float:
    """Peak memory of this process in MB."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (1e6 if sys.platform == "darwin" else 1e3)


def memory(shared: Path, total: int) -> None:
    """Print the peak memory after every tenth of so many pages."""
    bodies = [body for site in corpus(shared, 30).values() for body in site]
    template = Template()
    print("| pages | peak MB | pages/s |\n| --- | --- | --- |")
    start = time.process_time()
    for number in range(1, total + 1):
        body = bodies[number % len(bodies)]
        # Another text each time, or it would be a page that the template has seen.
        fresh = body.replace(b"<p", f"<p>{number:x} lời văn thứ {number}</p><p".encode(), 20)
        page = parse_html(URL, fresh, TYPE)
        template.learn(page, str(number))
        select(page, template)
        if number % max(1, total // 10) == 0:
            print(f"| {number} | {peak():.0f} | {number / (time.process_time() - start):.0f} |", flush=True)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "50,000 nested tags": lambda: b"<html><body>" + b"<div>" * 50_000 + "văn bản ".encode() * 40 + b"</div>" * 50_000,
    "50,000 nested inline tags": lambda: b"<p>" + b"<b>x" * 50_000,
    "100,000 siblings": lambda: b"<html><body>" + "<p>Một đoạn văn, ngắn thôi.</p>".encode() * 100_000,
    "100,000 list links": lambda: b"<ul>" + b"<li><a href='/x'>muc</a>" * 100_000 + b"</ul>",
    "a line of 10 MB": lambda: b"<p>" + "một dòng rất dài ".encode() * 480_000 + b"</p>",
    "10 MB without a space": lambda: b"<p>" + b"x" * 10_000_000 + b"</p>",
    "NUL bytes": lambda: b"<html><body>" + "<p>a\x00b\x00 chữ và số</p>".encode() * 20_000,
    "broken nesting": lambda: b"<table><tr><td><b><p></table><i></b><a><div></p></i>chu" * 20_000,
}


def hostile() -> None:
    """Print the seconds that pages take which were made to be slow."""
    print("| page | MB | parse s | select s | blocks |\n| --- | --- | --- | --- | --- |")
    for name, make in HOSTILE.items():
        body = make()
        start = time.process_time()
        try:
            page = parse_html(URL, body, TYPE)
        except PageError as problem:
            print(f"| {name} | {len(body) / 1e6:.1f} | {time.process_time() - start:.2f} | {problem.reason} | |")
            continue
        between = time.process_time()
        blocks = len(select(page).blocks)
        end = time.process_time()
        print(
            f"| {name} | {len(body) / 1e6:.1f} | {between - start:.2f} | {end - between:.2f} | {blocks} |", flush=True
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--limit", type=int, default=40, help="pages of each site")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pages", type=int, help="measure memory over so many pages")
    parser.add_argument("--hostile", action="store_true", help="time pages made to be slow")
    options = parser.parse_args()
    if options.hostile:
        hostile()
    elif options.pages:
        memory(options.shared, options.pages)
    else:
        compare(options.shared, options.limit, options.rounds)


if __name__ == "__main__":
    main()
