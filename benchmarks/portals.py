"""Score whole crawls, replayed from captures, against their truth, beside single-page extractors.

    python benchmarks/portals.py --shared ../shared [--every 8] [--only hanoi_sotttt]

For each capture the portal's own spider, and ``unseen`` with no knowledge of the platform, walk the file as they would
walk the network. Printed for each: articles found, missing, found twice; title, date and author exact; word F1 of lead
and text (bag of words, mean over the articles of the truth; a missing article counts 0); pages with a widget string in
the text. The peers get the page of each article handed to them, so they can miss none; ``--every`` thins their sample.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

WORD = re.compile(r"\w+")

PORTALS: dict[str, dict[str, Any]] = {
    "hanoi_sotttt": {
        "runs": {
            "hanoi_sotttt (wrapper)": ["hanoi_sotttt"],
            "unseen (no wrapper)": ["unseen", "-a", "url=http://sotttt.hanoi.gov.vn/", "-a", "platform=none"],
        },
        "key": re.compile(r"/view_content/(?:pop_up/)?(\d+)-"),
        # Strings of menus and widgets that stand on the portal's pages and in no article.
        "widgets": ["In bài viết", "Gửi mail", "View count", "Chọn liên kết", "Về đầu trang", "Sơ đồ cổng",
                    "Truy cập nội dung luôn", "Ghi rõ nguồn", "185 Giảng Võ", "Thông tin thời tiết"],
    },
    "nukeviet": {
        "runs": {
            "unseen (family NukeViet)": ["unseen", "-a", "url=http://127.0.0.1:8601/"],
            "unseen (no wrapper)": ["unseen", "-a", "url=http://127.0.0.1:8601/", "-a", "platform=none"],
        },
        "key": re.compile(r"^https?://[^/]+(/[^?#]+?)(?:\.html)?(?:$|[?#])"),
        "widgets": ["Đang truy cập", "Hôm nay:", "Tổng lượt truy cập", "Những tin mới hơn", "Những tin cũ hơn",
                    "Mã bảo mật", "Click để đánh giá", "Tổng số điểm của bài viết"],
    },
}  # fmt: skip


def words(text: str) -> Counter[str]:
    return Counter(WORD.findall(unicodedata.normalize("NFC", text).casefold()))


def word_f1(gold: str, found: str) -> float:
    gold_words, found_words = words(gold), words(found)
    if not gold_words and not found_words:
        return 1.0
    common = (gold_words & found_words).total()
    return 2 * common / (gold_words.total() + found_words.total())


def read_truth(path: Path) -> dict[str, dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return {row.get("id") or row["url"]: row for row in map(json.loads, lines)}


def gold_text(row: dict[str, Any]) -> str:
    body = row.get("text") if "text" in row else "\n".join([*row["body_paragraphs"], *row["captions"]])
    return "\n".join(filter(None, (row.get("lead"), body)))


def same(gold: str | None, found: str | None) -> bool:
    fold = [" ".join(unicodedata.normalize("NFC", text or "").split()) for text in (gold, found)]
    return fold[0] == fold[1]


def crawl(arguments: list[str], warc: Path, folder: Path) -> tuple[list[dict[str, Any]], float]:
    """Replay a capture; the articles and the seconds that it took."""
    out = folder / "out.jsonl"
    command = [sys.executable, "-m", "portal_crawler.commands.console", "crawl", *arguments, "-a", f"warc={warc}",
               "-s", "LOG_LEVEL=WARNING", "-s", f"PORTAL_STATE_DIR={folder / 'state'}",
               "-O", f"{out}:jsonlines"]  # fmt: skip
    start = time.perf_counter()
    subprocess.run(command, check=False, cwd=folder)
    return [json.loads(line) for line in out.read_text("utf-8").splitlines()], time.perf_counter() - start


def score(truth: dict[str, dict[str, Any]], articles: list[dict[str, Any]], portal: dict[str, Any]) -> dict[str, Any]:
    by_key: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for article in articles:
        urls = [article["canonical_url"], article["url"], *article["also_at"]]
        keys = {match[1] for url in urls if (match := portal["key"].search(url))}
        for key in keys:
            by_key[key].append(article)
    counts: Counter[str] = Counter(total=len(truth), items=len(articles))
    f1, tallies = [], defaultdict(list)
    for identity, row in truth.items():
        match = portal["key"].search(row["url"])
        found = by_key.get(match[1] if match else identity, [])
        counts["missing"] += not found
        counts["twice"] += len(found) > 1
        one = found[0] if found else {}
        f1.append(word_f1(gold_text(row), one.get("text", "")) if found else 0.0)
        for name, right in fields_right(row, one):
            tallies[name].append(right)
        counts["leaks"] += any(
            widget in one.get("text", "") and widget not in gold_text(row) for widget in portal["widgets"]
        )
        counts["accounts"] += (one.get("author") or "").lower().startswith("admin")
    shares = {name: sum(values) / len(values) for name, values in tallies.items() if values}
    return {**counts, "f1": sum(f1) / len(f1), **shares}


def fields_right(row: dict[str, Any], one: dict[str, Any]) -> list[tuple[str, bool]]:
    """Which fields are exact, for those that the truth knows."""
    when = row.get("published_on") or row.get("published_at") or ""
    right = [("title", same(row["title"], one.get("title"))), ("lead", same(row.get("lead"), one.get("lead")))]
    right.append(("date", (one.get("published_at") or "").startswith(when) if when else not one.get("published_at")))
    if "captions" in row:
        captions = [image["caption"] for image in one.get("images", []) if image["caption"]]
        right += [
            ("author", same(row["author"], one.get("author"))),
            ("source", same(row.get("source"), one.get("source"))),
            ("captions", sorted(row["captions"]) == sorted(captions)),
            ("section", same(row["category"], (one.get("section") or [None])[-1])),
            ("files", sorted(row["attachments"]) == sorted(file["name"] for file in one.get("attachments", []))),
        ]
    if "tags" in row:
        right.append(("tags", sorted(row["tags"]) == sorted(one.get("tags") or [])))
    return right


def peers() -> dict[str, Any]:
    """The peers that are installed, as functions of a page's bytes."""
    found: dict[str, Any] = {}
    try:
        import trafilatura

        found[f"trafilatura {trafilatura.__version__}"] = lambda html: (
            trafilatura.extract(html, include_comments=False) or ""
        )
    except ImportError:
        print("trafilatura is not installed: left out", file=sys.stderr)
    try:
        from resiliparse.extract.html2text import extract_plain_text
        from resiliparse.parse.html import HTMLTree

        found["resiliparse"] = lambda html: extract_plain_text(
            HTMLTree.parse(html.decode("utf-8", "replace")), main_content=True, list_bullets=False, alt_texts=False
        )
    except ImportError:
        print("resiliparse is not installed: left out", file=sys.stderr)
    return found


def score_peers(
    truth: dict[str, dict[str, Any]], warc: Path, portal: dict[str, Any], every: int
) -> dict[str, dict[str, Any]]:
    from portal_crawler.archive.warc import read_captures

    urls = {row["url"]: row for row in list(truth.values())[::every]}
    pages = {capture.url: capture.body for capture in read_captures(warc) if capture.url in urls}
    rows: dict[str, dict[str, Any]] = {}
    for name, extractor in peers().items():
        f1, leaks, start = [], 0, time.process_time()
        for url, body in pages.items():
            text, gold = extractor(body), gold_text(urls[url])
            f1.append(word_f1(gold, text))
            leaks += any(widget in text and widget not in gold for widget in portal["widgets"])
        rows[name] = {"total": len(f1), "f1": sum(f1) / len(f1), "leaks": leaks,
                      "pages/s": len(f1) / (time.process_time() - start)}  # fmt: skip
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--every", type=int, default=8, help="peers see every n-th article")
    parser.add_argument("--only", choices=PORTALS)
    arguments = parser.parse_args()
    for name, portal in PORTALS.items():
        if arguments.only not in (None, name):
            continue
        warc = (arguments.shared / "captures" / f"{name}.warc.gz").resolve()
        truth = read_truth(warc.with_name(f"{name}.truth.jsonl.gz"))
        print(f"\n{name}: {len(truth):,} articles")
        for label, command in portal["runs"].items():
            with tempfile.TemporaryDirectory() as folder:
                articles, seconds = crawl(command, warc, Path(folder))
            show(label, score(truth, articles, portal) | {"seconds": seconds})
        for label, row in score_peers(truth, warc, portal, arguments.every).items():
            show(label, row)


def show(label: str, row: dict[str, Any]) -> None:
    print(
        f"  {label:28}",
        "  ".join(f"{key} {value:.4f}" if isinstance(value, float) else f"{key} {value}" for key, value in row.items()),
        flush=True,
    )


if __name__ == "__main__":
    main()
