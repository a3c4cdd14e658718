"""Near-duplicates across portals are linked, not dropped."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from portal_server import MATTERS, PLACES, PortalServer, body, link, page

from portal_crawler.archive.similar import SimilarityIndex, shingles, signature, similarity

pytest.importorskip("rensa", reason="needs the extra dedup")

NUKEVIET = '<meta name="generator" content="NukeViet v4.5">'
ROOT = Path(__file__).parent.parent
WORDS = " ".join((*PLACES, *MATTERS)).replace(",", "").split()


def words(seed: int, count: int = 300) -> list[str]:
    drawn = random.Random(seed)
    return [drawn.choice(WORDS) for _ in range(count)]


def signed(text: str) -> bytes:
    found = signature(text)
    assert found is not None
    return found


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(0, 40))
def test_the_estimate_is_near_the_true_similarity(seed: int, edits: int) -> None:
    one = words(seed)
    other = list(one)
    drawn = random.Random(seed + 1)
    for place in drawn.sample(range(len(other)), edits):
        other[place] = f"khác{place}"
    a, b = set(shingles(" ".join(one))), set(shingles(" ".join(other)))
    estimate = similarity(signed(" ".join(one)), signed(" ".join(other)))
    assert abs(estimate - len(a & b) / len(a | b)) < 0.25


def test_short_texts_are_not_compared() -> None:
    assert signature("Thông báo nghỉ lễ Quốc khánh") is None


def test_the_index_outlives_its_run_and_links_other_portals_only(tmp_path: Path) -> None:
    text = " ".join(words(1))
    edited = text.replace(words(1)[5], "Cửa Việt", 1)
    index = SimilarityIndex(tmp_path / "s.sqlite", 0.7)
    assert index.add("a", "so-noi-vu", "https://a.vn/1", signed(text)) == []
    assert index.add("b", "so-noi-vu", "https://a.vn/2", signed(text)) == []  # the same portal
    index.close()
    index = SimilarityIndex(tmp_path / "s.sqlite", 0.7)
    found = index.add("c", "so-y-te", "https://b.vn/1", signed(edited))
    assert [each.url for each in found] == ["https://a.vn/1", "https://a.vn/2"]
    assert all(0.9 < each.score <= 1 for each in found)
    assert index.add("d", "so-y-te", "https://b.vn/2", signed(" ".join(words(2)))) == []
    # A new version takes the place of the old one.
    index.add("a", "so-noi-vu", "https://a.vn/1", signed(" ".join(words(3))))
    assert [each.id for each in index.add("c", "so-y-te", "https://b.vn/1", signed(edited))] == ["b"]
    index.close()


def crawl(folder: Path, url: str, name: str, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(sys.executable, "-m", "scrapy.cmdline", "crawl", name, "-a", f"url={url}", "-O", f"{name}.jsonl"),
            *("-s", "DOWNLOAD_DELAY=0", "-s", "AUTOTHROTTLE_ENABLED=0", *options),
        ],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "SCRAPY_SETTINGS_MODULE": "portal_crawler.settings", "PYTHONPATH": str(ROOT), **environment},
    )  # fmt: skip


def test_a_notice_of_two_portals_is_linked(tmp_path: Path) -> None:
    title = "Thông báo về việc rà soát hộ nghèo năm 2024 trên địa bàn"
    path = "/tin-tuc/thong-bao-ra-soat-1.html"
    text = body(title) + body("thêm") + body("nữa")
    for name, shown in (("unseen", text), ("angiang_snv", text.replace("đoàn công tác", "đoàn kiểm tra", 1))):
        article = page(f'<div id="main"><h1>{title}</h1><div class="content">{shown}</div></div>')
        with PortalServer({"/": page(NUKEVIET, link(path, title)), path: article}) as server:
            done = crawl(tmp_path, f"{server.url}/", name, "-s", "PORTAL_SIMILAR=0.7")
        items = [json.loads(line) for line in (tmp_path / f"{name}.jsonl").read_text("utf-8").splitlines()]
        assert len(items) == 1, done.stderr
        linked = items[0]["similar_to"]
        assert [each["portal"] for each in linked] == ([] if name == "unseen" else ["unseen"])
    assert linked[0]["score"] >= 0.7


def test_what_cannot_be_compared_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "rensa.py").write_text("raise ImportError('not here')", "utf-8")
    done = crawl(tmp_path, "http://127.0.0.1:9/", "unseen", "-s", "PORTAL_SIMILAR=0.7", PYTHONPATH=f"{tmp_path}:{ROOT}")
    assert done.returncode == 2
    assert "portal-crawler[dedup]" in done.stderr
