"""Corpora: what is chosen, every format, the proof that it is whole."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import os
import re
import resource
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bagit
import pyarrow.dataset
import pyarrow.parquet
import pytest
from test_commands import run, unreadable

import portal_crawler
from portal_crawler.archive.records import Exchange, answer, digest, member, new_record_id
from portal_crawler.corpus.export import export
from portal_crawler.corpus.formats import FORMATS, zstd
from portal_crawler.corpus.metadata import dublin_core, schema_org
from portal_crawler.corpus.selection import MOST_OPEN, Choice, private, run_files, select
from portal_crawler.corpus.verify import verify
from portal_crawler.extraction.article import content_hash
from portal_crawler.items import Archived, Article, Attachment, Extraction, Http, LegalDocument, as_record

if TYPE_CHECKING:
    from collections.abc import Iterator


def record(number: int, **changes: Any) -> dict[str, Any]:
    title, text = f"Hội nghị số {number} tại Đồng Nai", f"Sáng nay đã họp lần {number}.\n\n=1+1 là một dòng chữ."
    values = {
        "id": hashlib.sha256(str(number).encode()).hexdigest()[:16],
        "url": f"http://a.gov.vn/tin/{number}",
        "canonical_url": f"http://a.gov.vn/tin/{number}",
        "portal": "so_a" if number % 2 else "so_b",
        "site": "a.gov.vn",
        "title": title,
        "text": text,
        "html": f"<p>{text}</p>",
        "published_at": f"20{20 + number % 3}-03-0{1 + number % 9}T08:00:00+07:00" if number % 5 else None,
        "section": ["Tin tức", "Hoạt động của Sở"],
        "attachments": [Attachment(url=f"http://a.gov.vn/{number}.pdf", name="Quyết định")],
        "fetched_at": f"2026-01-{1 + number % 28:02}T00:00:00+00:00",
        "http": Http(status=200),
        "content_sha256": content_hash(title, None, text),
        "extraction": Extraction(method="page", version="1", confidence=0.5 + number / 100),
        **changes,
    }
    if {"title", "text", "lead"} & set(changes):
        values["content_sha256"] = content_hash(values["title"], values.get("lead"), values["text"])
    return as_record(Article(**values))


def write(path: Path, records: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records), "utf-8")
    return path


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    write(tmp_path / "exports/so_a/2026-01-01T00-00-00Z.jsonl", [record(n) for n in range(1, 12)])
    changed = record(3, version=2, text="Đã sửa lại.", fetched_at="2026-02-01T00:00:00+00:00")
    write(tmp_path / "exports/so_a/2026-02-01T00-00-00Z.jsonl", [changed, record(4)])
    write(tmp_path / "exports/so_a/2026-02-01T00-00-00Z.rejects.jsonl", [{"url": "x", "reason": "y"}])
    write(tmp_path / "exports/so_a/2026-02-01T00-00-00Z.gone.jsonl", [{"portal": "so_a", "url": "http://a.gov.vn/0"}])
    return tmp_path / "exports"


def nowhere(*_: Any) -> Iterator[Any]:
    return iter(())


def test_every_format_holds_the_same_articles(runs: Path, tmp_path: Path) -> None:
    made, _ = export(tmp_path / "corpus", run_files([runs]), list(FORMATS), Choice())
    folder = tmp_path / "corpus"
    lines = (folder / "articles.jsonl").read_bytes()
    ids = [json.loads(line)["id"] for line in lines.splitlines()]
    assert len(ids) == len(set(ids)) == made["articles"] == 11
    assert gzip.decompress((folder / "articles.jsonl.gz").read_bytes()) == lines
    assert zstd.decompress((folder / "articles.jsonl.zst").read_bytes()) == lines
    with (folder / "articles.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["id"] for row in csv.DictReader(file)] == ids
    assert sorted(pyarrow.parquet.read_table(folder / "parquet")["id"].to_pylist()) == sorted(ids)
    table = pyarrow.dataset.dataset(folder / "parquet", partitioning="hive").to_table()
    assert set(table["portal"].to_pylist()) == {"so_a", "so_b"}
    assert sorted(table["id"].to_pylist()) == sorted(ids)
    assert set(table["year"].to_pylist()) == {2020, 2021, 2022, None}
    assert table["attachments"][0].as_py()[0]["name"] == "Quyết định"
    assert len(list((folder / "text").rglob("*.txt"))) == 11
    for name in ("dublin-core.jsonl", "schema-org.jsonl"):
        assert len((folder / name).read_text("utf-8").splitlines()) == 11
    assert made["with"]["attachments"] == 11


def test_lines_stand_as_in_their_runs(runs: Path, tmp_path: Path) -> None:
    export(tmp_path / "corpus", run_files([runs]), ["jsonl"], Choice())
    there = {line for path in run_files([runs]) for line in path.read_bytes().splitlines()}
    assert set((tmp_path / "corpus/articles.jsonl").read_bytes().splitlines()) <= there


def test_the_search_finds_with_and_without_diacritics(runs: Path, tmp_path: Path) -> None:
    export(tmp_path / "corpus", run_files([runs]), ["sqlite"], Choice())
    database = sqlite3.connect(tmp_path / "corpus/articles.sqlite")

    def count(table: str, words: str) -> int:
        return database.execute(f"SELECT count(*) FROM {table} WHERE {table} MATCH ?", [words]).fetchone()[0]

    assert count("articles_fts", '"Đồng Nai"') == 11
    assert count("articles_fts", '"dong nai"') == 0
    assert count("articles_plain", '"dong nai"') == 11
    found = database.execute(
        "SELECT title FROM articles WHERE rowid IN (SELECT rowid FROM articles_plain WHERE articles_plain MATCH 'sua')"
    ).fetchall()
    assert found == [("Hội nghị số 3 tại Đồng Nai",)]
    database.close()


def test_the_descriptor_is_that_of_a_data_package(runs: Path, tmp_path: Path) -> None:
    export(tmp_path / "corpus", run_files([runs]), list(FORMATS), Choice(versions=True))
    package = json.loads((tmp_path / "corpus/datapackage.json").read_text("utf-8"))
    resources = {resource["path"]: resource for resource in package["resources"] if isinstance(resource["path"], str)}
    tables = {path for path, resource in resources.items() if resource.get("type") == "table"}
    assert tables == {"articles.csv", "articles.jsonl", "articles.jsonl.gz"}
    assert all(re.fullmatch(r"[a-z0-9._-]+", resource["name"]) for resource in package["resources"])
    fields = {field["name"]: field["type"] for field in resources["articles.jsonl"]["schema"]["fields"]}
    kinds = {"string": str, "integer": int, "object": dict, "array": list}
    for line in (tmp_path / "corpus/articles.jsonl").read_text("utf-8").splitlines():
        article = json.loads(line)
        assert list(article) == list(fields)
        assert all(value is None or isinstance(value, kinds[fields[name]]) for name, value in article.items())
    assert resources["manifest.json"]["hash"].startswith("sha256:")
    if find_spec("frictionless") is not None:  # it leaves files open: in a process of its own
        ask = f"import frictionless; print(frictionless.validate({str(tmp_path / 'corpus/datapackage.json')!r}).valid)"
        done = subprocess.run([sys.executable, "-W", "ignore", "-c", ask], capture_output=True, text=True, check=False)
        assert done.stdout.strip() == "True", done.stderr


def test_what_records_say_of_themselves_is_no_markup_of_the_card(tmp_path: Path) -> None:
    """Portals that differ in case alone, and names that would begin a line, a cell or a tag of their own."""
    forged = "x\n---\n# Forged\r\n| a |\x1b[31m <script>"
    odd = {"portal": forged, "language": "vi\n- evil\nlicense: mit", "published_at": "1\n#\n"}
    lines = [
        record(1, portal="so_a"),
        record(2, portal="So_A", language="vi"),
        record(3, portal="so-a"),
        record(4, **odd),
    ]
    export(tmp_path / "corpus", [write(tmp_path / "1.jsonl", lines)], ["parquet", "jsonl"], Choice())
    card = (tmp_path / "corpus/README.md").read_text("utf-8")
    head = ["---", "language:", "- vi", "license: unknown", "size_categories:", "- n<1K"]
    assert card.splitlines()[:6] == head
    assert "| x --- # Forged \\| a \\| \\[31m \\<script\\> | 1 |" in card.splitlines()
    assert not [line for line in card.splitlines() if line.startswith(("# F", "#\n", "- evil"))]
    assert all(sign.isprintable() or sign == "\n" for sign in card)
    package = json.loads((tmp_path / "corpus/datapackage.json").read_text("utf-8"))
    names = [resource["name"] for resource in package["resources"]]
    assert len(set(names)) == len(names) == 6
    assert all(re.fullmatch(r"[a-z0-9._-]+", name) for name in names)
    assert package["licenses"][0]["name"] == "notspecified"


def test_a_spreadsheet_gets_no_formula(tmp_path: Path) -> None:
    source = write(tmp_path / "run.jsonl", [record(1, title="=HYPERLINK(0)", text="+84 233 3852 000")])
    made, _ = export(tmp_path / "corpus", [source], ["csv"], Choice())
    with (tmp_path / "corpus/articles.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["title"], row["text"]) == ("'=HYPERLINK(0)", "'+84 233 3852 000")
    assert made["notes"]["csv"] == {"cells_with_an_apostrophe_before_them": 2}


@pytest.mark.parametrize("before", ["\xa0", "\u3000", "\u200b", "\ufeff", " \n\u2060", " " * 50, "\x00\x0b"])
@pytest.mark.parametrize("sign", ["=", "＝", "＋", "－", "＠"])
def test_no_blank_hides_a_formula(before: str, sign: str, tmp_path: Path) -> None:
    source = write(tmp_path / "run.jsonl", [record(1, title=f"{before}{sign}HYPERLINK(0)", text="Không có gì.")])
    export(tmp_path / "corpus", [source], ["csv"], Choice())
    with (tmp_path / "corpus/articles.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["title"] == f"'{before}{sign}HYPERLINK(0)"


def test_an_export_that_was_killed_is_told_of(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "corpus.part").mkdir()
    with pytest.raises(FileExistsError, match="remove it"):
        export(tmp_path / "corpus", run_files([runs]), ["jsonl"], Choice())


def test_the_same_runs_give_the_same_bytes(runs: Path, tmp_path: Path) -> None:
    sources = run_files([runs])
    for name, order in (("one", sources), ("two", sources)):
        export(tmp_path / name, order, list(FORMATS), Choice(), bag=True)
    one, two = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (tmp_path / "one", tmp_path / "two")
    )
    assert one == two
    assert bagit.Bag(str(tmp_path / "one")).is_valid()
    assert verify(tmp_path / "one", nowhere).problems == []


def test_versions_and_what_is_gone(runs: Path, tmp_path: Path) -> None:
    made, chosen = export(tmp_path / "corpus", run_files([runs]), ["jsonl", "text"], Choice(versions=True))
    assert made["articles"] == 12
    assert chosen.left_out == {"same": 1}
    (changed,) = (tmp_path / "corpus/text").rglob("*-v2.txt")
    assert changed.read_text("utf-8").endswith("Đã sửa lại.\n")
    assert json.loads((tmp_path / "corpus/gone.jsonl").read_text("utf-8"))["url"] == "http://a.gov.vn/0"
    newest, _ = export(tmp_path / "newest", run_files([runs]), ["jsonl"], Choice())
    assert newest["left_out"] == {"older_version": 2}


def test_what_an_article_says_again_is_a_version_and_the_newest_is_the_one_captured_last(tmp_path: Path) -> None:
    """Captures of earlier years, whose versions are numbered on their own, beside the crawls of today."""

    def said(version: int, text: str, year: int) -> dict[str, Any]:
        return record(1, version=version, text=text, fetched_at=f"{year}-01-01T00:00:00+00:00")

    captures = write(tmp_path / "a.jsonl", [said(1, "Một", 2020), said(2, "Hai", 2021), said(3, "Một", 2022)])
    crawls = write(tmp_path / "b.jsonl", [said(1, "Một", 2023), said(2, "Bốn", 2024)])
    made, _ = export(tmp_path / "all", [captures, crawls], ["jsonl", "text"], Choice(versions=True))
    lines = map(json.loads, (tmp_path / "all/articles.jsonl").read_text("utf-8").splitlines())
    assert {(one["version"], one["text"]) for one in lines} == {(1, "Một"), (2, "Hai"), (3, "Một"), (2, "Bốn")}
    assert made["left_out"] == {"same": 1}
    texts = [path.read_text("utf-8").split()[-1] for path in (tmp_path / "all/text").rglob("*.txt")]
    assert sorted(texts) == ["Bốn", "Hai", "Một", "Một"]
    export(tmp_path / "newest", [captures, crawls], ["jsonl"], Choice())
    assert json.loads((tmp_path / "newest/articles.jsonl").read_text("utf-8"))["text"] == "Bốn"


@pytest.mark.parametrize(
    ("choice", "numbers"),
    [
        (Choice(portals=("so_b",)), {2, 4, 6, 8, 10}),
        (Choice(since="2021-01-01", until="2021-12-31"), {1, 4, 7}),
        (Choice(kinds=("document",)), set()),
        (Choice(sections=("hoat dong",)), set(range(1, 12))),
        (Choice(sections=("thông báo",)), set()),
        (Choice(least_confidence=0.58), {8, 9, 10, 11}),
    ],
)
def test_choices(runs: Path, choice: Choice, numbers: set[int]) -> None:
    chosen = select(run_files([runs]), choice)
    assert {int(one["url"].rsplit("/", 1)[1]) for _, one in chosen.read()} == numbers
    assert sum(chosen.left_out.values()) + len(chosen.places) == 13


def test_no_older_version_stands_for_a_newest_one_that_is_left_out(tmp_path: Path) -> None:
    """Dated anew, or moved to the questions of citizens: what the first version said is no longer so."""
    first = [record(n, published_at="2021-05-05") for n in (1, 2, 3)]
    later: dict[str, Any] = {"version": 2, "text": "Mới.", "fetched_at": "2026-03-01T00:00:00+00:00"}
    unsure = Extraction(method="page", version="1", confidence=0.1)
    second = [
        record(1, published_at="2022-05-05", **later),
        record(2, published_at="2021-05-05", section=["Hỏi đáp"], **later),
        record(3, published_at="2021-05-05", extraction=unsure, **later),
    ]
    sources = [write(tmp_path / "1.jsonl", first), write(tmp_path / "2.jsonl", second)]
    chosen = select(sources, Choice(until="2021-12-31", least_confidence=0.5))
    assert [(one["url"], one["version"]) for _, one in chosen.read()] == [("http://a.gov.vn/tin/3", 1)]
    assert chosen.left_out == {"older_version": 2, "other_date": 1, "private_questions": 1, "low_confidence": 1}


def test_what_has_come_back_is_not_gone(tmp_path: Path) -> None:
    gone = [
        {"id": record(number)["id"], "portal": "so_a", "gone_at": f"2026-{month:02}-01T00:00:00+00:00"}
        for number, month in ((1, 2), (1, 4), (3, 2), (5, 2))
    ]
    write(tmp_path / "1.jsonl", [record(number, fetched_at="2026-01-01T00:00:00+00:00") for number in (1, 3, 5)])
    write(tmp_path / "1.gone.jsonl", gone)
    # One is back and is gone again, one is back, though the corpus leaves it out.
    write(tmp_path / "2.jsonl", [record(n, version=2, fetched_at="2026-03-01T00:00:00+00:00") for n in (1, 3)])
    for choice in (Choice(), Choice(versions=True), Choice(until="2021-12-31")):
        lines = list(select(run_files([tmp_path / "1.jsonl", tmp_path / "2.jsonl"]), choice).gone(choice))
        assert sorted(map(json.loads, lines), key=gone.index) == [gone[1], gone[3]]


def test_of_versions_that_were_numbered_anew_the_latest_is_the_newest(tmp_path: Path) -> None:
    """A state was lost: the portal's articles are exported as first versions again."""
    write(tmp_path / "1.jsonl", [record(1, version=2, text="Cũ.", fetched_at="2026-01-01T00:00:00+00:00")])
    write(
        tmp_path / "2.jsonl",
        [record(1, version=n, text=f"Mới {n}.", fetched_at=f"2026-02-0{n}T00:00:00+00:00") for n in (1, 2)],
    )
    paths = run_files([tmp_path / "1.jsonl", tmp_path / "2.jsonl"])
    ((_, newest),) = select(paths, Choice()).read()
    assert newest["text"] == "Mới 2."
    export(tmp_path / "corpus", paths, ["text"], Choice(versions=True))
    texts = [path.read_text("utf-8").splitlines()[-1] for path in (tmp_path / "corpus/text").rglob("*.txt")]
    assert sorted(texts) == ["Cũ.", "Mới 1.", "Mới 2."]


def test_headlines_of_what_has_gone_are_private_as_well(tmp_path: Path) -> None:
    source = write(tmp_path / "run.jsonl", [record(2)])
    titles = ("Danh sách thí sinh dự thi", "Hội nghị tổng kết")
    write(
        tmp_path / "run.gone.jsonl", [{"portal": "a", "canonical_url": "http://a.gov.vn/1", "title": t} for t in titles]
    )
    for keep in (False, True):
        export(tmp_path / str(keep), [source], ["jsonl"], Choice(private=keep))
        lines = (tmp_path / str(keep) / "gone.jsonl").read_text("utf-8").splitlines()
        assert [json.loads(line)["title"] for line in lines] == list(titles[:1] * keep + titles[1:])


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"section": ["Hỏi đáp"]}, "questions"),
        ({"canonical_url": "http://a.gov.vn/hoi-ap/cau-12.html"}, "questions"),
        ({"section": ["Phản ánh, kiến nghị"]}, "complaints"),
        ({"title": "Danh sách thí sinh trúng tuyển viên chức năm 2023"}, "candidates"),
        ({"title": "Danh sách hộ nghèo được hỗ trợ sửa nhà"}, "beneficiaries"),
        ({"section": ["Góp ý"]}, "questions"),
        *(
            ({"section": [name]}, "questions")
            for name in (
                "Hỏi – Đáp",
                "Hỏi — đáp",
                "Hỏi & Đáp",
                "Hỏi/Đáp",
                "Hỏi, đáp",
                "Hỏi Ðáp",
                "Hỏi\u200b đáp",
                "Bạn đọc hỏi",
                "Đối thoại với công dân",
            )
        ),
        ({"section": ["Phản ánh – kiến nghị"]}, "complaints"),
        ({"canonical_url": "http://a.gov.vn/index.php?nv=hoi-dap&id=3"}, "questions"),
        ({"canonical_url": "http://a.gov.vn/Default.aspx?tabid=hoidap"}, "questions"),
        ({"canonical_url": "http://a.gov.vn/hoi_dap.aspx?id=3"}, "questions"),
        ({"canonical_url": "http://a.gov.vn/tin/hoi-dap-ve-luat-dat-dai-12.html"}, None),
        ({"canonical_url": "http://a.gov.vn/tin.aspx?ten=hoi-dap-ve-luat-dat-dai-12"}, None),
        ({"canonical_url": "http://a.gov.vn/giao-luu-truc-tuyen/12.html"}, "questions"),
        ({"title": "DS trẻ em mồ côi nhận học bổng"}, "beneficiaries"),
        (
            {"attachments": [Attachment(url="http://a.gov.vn/1.xlsx", name="DS_thi_sinh.xlsx", text="Nguyễn Văn A")]},
            "candidates",
        ),
        ({"section": ["Góp ý dự thảo văn bản"]}, None),
        ({"title": "Danh sách các dự án kêu gọi đầu tư"}, None),
        ({"title": "Sở đối thoại, giải quyết khiếu nại của công dân"}, None),
        ({"section": ["Tin tức"], "title": "Hội nghị giảm nghèo bền vững"}, None),
    ],
)
def test_citizens_stay_private(changes: dict[str, Any], kind: str | None, tmp_path: Path) -> None:
    one = record(1, **changes)
    assert private(one) == kind
    source = write(tmp_path / "run.jsonl", [one, record(2)])
    made, _ = export(tmp_path / "corpus", [source], ["jsonl"], Choice())
    assert made["articles"] == (1 if kind else 2)
    assert made["left_out"] == ({f"private_{kind}": 1} if kind else {})
    assert "left out" in made["private_data"]
    every, _ = export(tmp_path / "all", [source], ["jsonl"], Choice(private=True))
    assert every["articles"] == 2
    assert "are included" in every["private_data"]


def test_the_vocabularies_say_what_is_known() -> None:
    document = LegalDocument(
        number="12/2020/QĐ-UBND", type="Quyết định", issuer="UBND tỉnh", signer="Trần Văn B", issued_on="2020-03-01",
        effective_on="2020-03-15", status="Hết hiệu lực một phần", summary="Về việc giảm nghèo",
    )  # fmt: skip
    archived = Archived(file="a.warc.gz", offset=7, record_id="urn:uuid:1", payload_digest=f"sha256:{'a' * 64}")
    legal = record(1, kind="document", document=document, archive=archived, province="dong-nai")
    legal["attachments"][0]["media_type"] = "application/pdf"
    core, linked = dublin_core(legal), schema_org(legal)
    assert core["dcterms:publisher"] == ["UBND tỉnh", "a.gov.vn"]
    assert (core["dcterms:contributor"], core["dcterms:valid"]) == ("Trần Văn B", "2020-03-15/..")
    assert (core["dcterms:hasFormat"], core["dcterms:rights"]) == ("urn:uuid:1", "unknown")
    assert core["dcterms:abstract"] == "Về việc giảm nghèo"
    assert linked["@type"] == "Legislation"
    assert linked["legislationLegalForce"] == "PartiallyInForce"
    assert linked["legislationResponsible"]["name"] == "Trần Văn B"
    assert linked["temporalCoverage"] == "2020-03-15/.."
    assert linked["encoding"]["sha256"] == "a" * 64
    assert linked["associatedMedia"][0]["encodingFormat"] == "application/pdf"
    news = schema_org(record(1, source="Báo Đồng Nai", lead="Tóm tắt"))
    assert news["@type"] == "NewsArticle"
    assert news["sourceOrganization"] == {"@type": "Organization", "name": "Báo Đồng Nai"}
    assert news["description"] == news["abstract"] == "Tóm tắt"
    assert [one["name"] for one in news["isPartOf"]] == news["articleSection"]
    assert not {"legislationIdentifier", "encoding", "text"} & news.keys()


def test_what_does_not_agree_is_told(runs: Path, tmp_path: Path) -> None:
    export(tmp_path / "corpus", run_files([runs]), ["jsonl", "csv"], Choice())
    assert verify(tmp_path / "corpus", nowhere).problems == []
    path = tmp_path / "corpus/articles.jsonl"
    path.write_text(path.read_text("utf-8").replace("Đã sửa lại.", "Đã sửa rồi."), "utf-8")
    (tmp_path / "corpus/articles.csv").unlink()
    problems = verify(tmp_path / "corpus", nowhere).problems
    assert len(problems) == 3
    assert any("http://a.gov.vn/tin/3" in problem for problem in problems)


@pytest.fixture
def archived(tmp_path: Path) -> Path:
    """A folder with a crawl's export of two articles, their WARC file, and a corpus of it in all whole formats."""
    folder, lines = tmp_path / "exports/so", []
    (folder / "archive").mkdir(parents=True)
    with (folder / "archive/so.warc.gz").open("wb") as file:
        for number in (1, 2):
            exchange = Exchange(
                url=f"http://a.gov.vn/tin/{number}", date=datetime(2026, 1, 1, tzinfo=UTC), status=200,
                received=((b"Content-Type", b"text/html"),), body=b"<p>Trang %d</p>" % number,
            )  # fmt: skip
            place = Archived(
                file="so.warc.gz", offset=file.tell(), record_id=new_record_id(), payload_digest=digest(exchange.body)
            )
            lines.append(record(number, portal="so", archive=place))
            file.write(member(answer(exchange, place.record_id, digest(exchange.body), None)))
    write(folder / "2026-01-01T00-00-00Z.jsonl", lines)
    formats = [part for name in ("jsonl", "sqlite", "parquet") for part in ("--format", name)]
    assert run(tmp_path, "export", "corpus", *formats)[0] == 0
    return tmp_path


def test_whatever_is_tampered_with_is_found(archived: Path) -> None:
    code, told, _ = run(archived, "verify", "corpus")
    assert (code, "6 lines and 6 archived records" in told, "all agree" in told) == (0, True, True)
    lines, warc = archived / "corpus/articles.jsonl", archived / "exports/so/archive/so.warc.gz"
    manifest, described, kept = archived / "corpus/manifest.json", archived / "corpus/datapackage.json", {}
    for path in (lines, warc, manifest, described):
        kept[path] = path.read_bytes()
    first = lines.read_bytes().splitlines(keepends=True)
    packed = gzip.decompress(warc.read_bytes())
    for path, content, said in (
        (lines, kept[lines].replace("Sáng".encode(), b"Sang ", 1), "have SHA-256"),
        (lines, first[0], "articles is 2, the articles give 1"),
        (lines, kept[lines].replace(b'"offset": 0', b'"offset": 1', 1), "so.warc.gz, byte 1"),
        (manifest, kept[manifest].replace(b'"words": 2', b'"words": 3', 1), "words is"),
        (manifest, kept[manifest].replace(b'"sha256": "', b'"sha256": "0', 1), "manifest.json: SHA-256 is"),
        (described, kept[described].replace(b'"hash": "sha256:', b'"hash": "sha256:0', 1), "is not what manifest.json"),
        (
            described,
            re.sub(rb'"resources": .*\]', b'"resources": []', kept[described], flags=re.DOTALL),
            "not name manif",
        ),
        (warc, kept[warc][:60] + b"\0" + kept[warc][61:], "byte 0"),
        (warc, gzip.compress(packed.replace(b"Trang 1", b"Trang 7", 1)), "archived body has"),
        (warc, gzip.compress(packed.replace(b"text/html", b"text/htm_", 1)), "byte 0"),
        (warc, gzip.compress(packed.replace(b"<urn:uuid:", b"<urn:uuiD:", 1)), "is urn:uuiD:"),
    ):
        assert content != kept[path]
        path.write_bytes(content)
        code, told, _ = run(archived, "verify", "corpus")
        assert (code, said in told) == (6, True), (said, told)
        path.write_bytes(kept[path])
    described.unlink()
    code, told, _ = run(archived, "verify", "corpus")
    assert (code, "datapackage.json: it is not there" in told) == (6, True)
    described.write_bytes(kept[described])
    database = sqlite3.connect(archived / "corpus/articles.sqlite")
    database.execute("UPDATE articles SET record = replace(record, 'Sáng', 'Chiều') WHERE rowid = 2")
    database.commit()
    database.close()
    code, told, _ = run(archived, "verify", "corpus")
    assert (code, "articles.sqlite, article 2" in told) == (6, True)


def test_files_that_are_damaged_keep_none_of_the_others_from_being_checked(archived: Path) -> None:
    assert run(archived, "export", "bag", "--format", "jsonl", "--format", "parquet", "--bagit")[0] == 0
    parquet, *_ = (archived / "bag/data").rglob("*.parquet")
    lines = archived / "bag/data/articles.jsonl"
    lines.write_bytes(lines.read_bytes().replace("Sáng".encode(), b"Sang ", 1))
    for path, content, said in (
        (parquet, parquet.read_bytes()[:-200], "articles.parquet: it cannot be read to its end"),
        (parquet, b"", "articles.parquet: it cannot be read to its end"),
        (archived / "bag/manifest-sha256.txt", b"\xff\xfe", "the bag is not valid"),
        (archived / "bag/bagit.txt", b"\xff\xfe", "the bag is not valid"),
    ):
        kept = path.read_bytes()
        path.write_bytes(content)
        code, told, errors = run(archived, "verify", "bag")
        assert (code, said in told, "articles.jsonl, article 1" in told) == (6, True, True), told + errors
        path.write_bytes(kept)
    kept = lines.read_bytes()
    lines.write_bytes(b"[" * 100_000 + b"\n" + kept)
    assert "articles.jsonl, article 1: it is no article: RecursionError" in run(archived, "verify", "bag")[1]
    for deep in ("{", "[" * 100_000):
        (archived / "bag/data/manifest.json").write_text(deep, "utf-8")
        code, _, errors = run(archived, "verify", "bag")
        assert code == 2 and "manifest.json is no manifest" in errors


def test_captures_that_are_missing_or_stand_elsewhere_are_told_apart(archived: Path) -> None:
    archive = archived / "exports/so/archive"
    assert run(archived, "verify", "corpus", "--archives", "nosuch")[0] == 2
    (archived / "none").mkdir()
    code, told, _ = run(archived, "verify", "corpus", "--archives", "none")
    assert (code, "so.warc.gz: this WARC file is not here; 6 articles name it" in told) == (6, True)
    # Another crawl's file of the same name, in a folder beside that of the right one.
    for folder in ("captures/a", "captures/b"):
        (archived / folder).mkdir(parents=True)
    (archived / "captures/a/so.warc.gz").write_bytes(gzip.compress(b"WARC/1.1\r\n\r\n"))
    (archive / "so.warc.gz").rename(archived / "captures/b/so.warc.gz")
    code, told, _ = run(archived, "verify", "corpus", "--archives", "captures")
    assert (code, "6 archived records" in told, "all agree" in told) == (0, True, True)
    # That of another portal's crawl, as articles that `extract` has read under another name have it.
    (other := archived / "exports/khac/archive").mkdir(parents=True)
    (archived / "captures/b/so.warc.gz").rename(other / "so.warc.gz")
    code, told, _ = run(archived, "verify", "corpus")
    assert (code, "6 archived records" in told, "all agree" in told) == (0, True, True)
    (other / "so.warc.gz").unlink()
    archive.rmdir()
    code, told, _ = run(archived, "verify", "corpus")
    assert (code, "this WARC file is not here" in told) == (0, True)


def test_what_was_put_into_a_corpus_is_found(archived: Path) -> None:
    stranger = archived / "corpus/parquet/portal=evil/year=2020/articles.parquet"
    stranger.parent.mkdir(parents=True)
    stranger.write_bytes(next((archived / "corpus/parquet").glob("portal=so/*/*.parquet")).read_bytes())
    code, told, _ = run(archived, "verify", "corpus")
    assert (code, "portal=evil/year=2020/articles.parquet: it is not in manifest.json" in told) == (6, True)


def test_from_a_record_to_the_article_and_back(archived: Path) -> None:
    database = sqlite3.connect(archived / "corpus/articles.sqlite")
    query = "SELECT archive_file, archive_offset, archive_record_id FROM articles WHERE url LIKE '%/2'"
    ((file, offset, name),) = database.execute(query).fetchall()
    database.close()
    assert (file, offset > 0) == ("so.warc.gz", True)
    for record_of_it in (name, f"{file}:{offset}"):
        code, told, _ = run(archived, "show", "corpus/articles.jsonl", record_of_it)
        assert (code, "Hội nghị số 2" in told) == (0, True)
    assert run(archived, "show", "corpus/articles.jsonl", "urn:uuid:none")[0] == 2


def test_a_manifest_does_not_lead_out_of_its_folder(runs: Path, tmp_path: Path) -> None:
    export(tmp_path / "corpus", run_files([runs]), ["jsonl"], Choice())
    path = tmp_path / "corpus/manifest.json"
    made = json.loads(path.read_text("utf-8"))
    made["files"][0]["path"] = "../secret.parquet"
    (tmp_path / "secret.parquet").write_bytes(b"no table")
    path.write_text(json.dumps(made), "utf-8")
    problems = verify(tmp_path / "corpus", nowhere).problems
    assert "outside" in problems[0] and "manifest.json: SHA-256 is" in problems[1]
    assert not any("cannot be read" in problem for problem in problems)


def test_hostile_names_become_no_paths(tmp_path: Path) -> None:
    source = write(tmp_path / "run.jsonl", [{**record(1), "id": "../../x", "portal": "../so"}])
    made, _ = export(tmp_path / "corpus", [source], ["text", "parquet"], Choice())
    assert all(".." not in file["path"] for file in made["files"])
    assert verify(tmp_path / "corpus", nowhere).problems == []


def test_a_broken_line_costs_no_other(tmp_path: Path) -> None:
    source = write(tmp_path / "exports/a/2026-01-01T00-00-00Z.jsonl", [record(1), record(2)])
    half = json.dumps(record(3) | {"title": "Nửa chữ \ud83d"}, ensure_ascii=True).encode()
    source.write_bytes(source.read_bytes() + b'{"id": "\n[]\n{"portal": "a"}\n' + half + b"\n")
    code, told, _ = run(tmp_path, "export", "corpus")
    assert code == 6
    assert "Z.jsonl, line 3" in told and "Z.jsonl, line 6" in told
    assert "2 articles of 2 portals from 1 runs" in told


def test_a_value_of_another_type_costs_no_other_line(tmp_path: Path) -> None:
    wrong = [
        {"title": 3}, {"text": None}, {"published_at": 2020}, {"section": [None]}, {"portal": None}, {"extraction": "x"},
        {"attachments": [None]}, {"images": [{"caption": "x"}]}, {"document": []}, {"version": "2"}, {"url": ["x"]},
    ]  # fmt: skip
    lines = [record(1), *(record(2) | each for each in wrong), record(3) | {"of_another_version": 1}]
    source = write(tmp_path / "1.jsonl", lines)
    gone = [{"id": "0", "portal": "so_a", "url": "http://a.gov.vn/0"} | each for each in ({}, {"section": 3})]
    write(tmp_path / "1.gone.jsonl", gone)
    made, chosen = export(tmp_path / "corpus", [source], list(FORMATS), Choice())
    assert made["articles"] == 2
    told = [number for path, number, _ in chosen.broken if path == source]
    assert told == list(range(2, 2 + len(wrong)))
    assert len((tmp_path / "corpus/gone.jsonl").read_bytes().splitlines()) == 1
    assert verify(tmp_path / "corpus", nowhere).problems == []


@pytest.mark.parametrize("files", [[None], [{"path": "README.md"}], [{"path": 3, "bytes": 1, "sha256": "0"}]])
def test_a_manifest_whose_files_are_none_is_told(files: list[Any], runs: Path) -> None:
    assert run(runs.parent, "export", "corpus")[0] == 0
    manifest = runs.parent / "corpus/manifest.json"
    manifest.write_text(json.dumps({"files": files}), "utf-8")
    code, _, errors = run(runs.parent, "verify", "corpus")
    assert (code, "corpus is no corpus" in errors, len(errors.splitlines())) == (2, True, 1)


def test_runs_that_were_packed_are_runs(runs: Path, tmp_path: Path) -> None:
    """Whoever packs the runs of former years does not lose them from a corpus."""
    made = {}
    for name in ("plain", "packed"):
        made[name], _ = export(tmp_path / name, run_files([runs]), ["jsonl"], Choice(versions=True))
        for path in [*runs.rglob("*.jsonl")]:
            kind = ".zst" if path.name.startswith("2026-02-01T00-00-00Z.jsonl") else ".gz"
            pack = zstd.compress if kind == ".zst" else gzip.compress
            path.with_name(path.name + kind).write_bytes(pack(path.read_bytes()))
            path.unlink()
    for file in ("articles.jsonl", "gone.jsonl"):
        assert (tmp_path / "packed" / file).read_bytes() == (tmp_path / "plain" / file).read_bytes()
    broken = runs / "so_a/2026-01-01T00-00-00Z.jsonl.gz"
    broken.write_bytes(broken.read_bytes()[:-200])
    _, chosen = export(tmp_path / "broken", run_files([runs]), ["jsonl"], Choice())
    ((path, _, why),) = chosen.broken
    assert path == broken
    assert "behind line" in why


def test_a_run_that_is_named_twice_is_read_once(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(runs)
    once = run_files([runs])
    twice = run_files([tmp_path / "link", runs, runs / "so_a", *once, runs / "../exports"])
    assert len(twice) == len(once)


def test_an_export_is_whole_or_not_there(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("portal_crawler.corpus.formats.Csv.add", fails)
    with pytest.raises(OSError, match="No space"):
        export(tmp_path / "corpus", run_files([runs]), ["jsonl", "csv"], Choice())
    assert not list(tmp_path.glob("corpus*"))


def test_a_database_that_finds_no_room_says_so(runs: Path, tmp_path: Path) -> None:
    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))

    line = [record(2, text="Nhiều chữ. " * 10_000)]
    write(runs / "so_b/2026-01-01T00-00-00Z.jsonl", line)
    command = [sys.executable, "-m", "portal_crawler.commands.console", "export", "corpus", "--format", "sqlite"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, preexec_fn=limited)
    assert done.returncode == 1
    assert "database or disk is full" in done.stderr or "disk I/O error" in done.stderr
    assert not list(tmp_path.glob("corpus*"))


def test_the_commands(runs: Path) -> None:
    folder = runs.parent
    assert run(folder, "export", "corpus", "--format", "sqlite", "--format", "jsonl.zst", "--bagit")[0] == 0
    code, told, _ = run(folder, "verify", "corpus")
    assert (code, "22 lines" in told, "all agree" in told) == (0, True, True)
    assert run(folder, "export", "corpus")[0] == 2
    assert run(folder, "export", "other", "--since", "1.1.2020")[0] == 2
    assert run(folder, "export", "other", "--portal", "so_c")[0] == 3
    assert run(folder, "verify", "exports")[0] == 2


def test_a_run_that_cannot_be_read_is_told_and_costs_no_other(runs: Path, tmp_path: Path) -> None:
    unreadable(runs / "so_a/2026-03-01T00-00-00Z.jsonl")
    (runs / "so_a/2026-02-01T00-00-00Z.gone.jsonl").write_text('{"portal": "so_a", "url"\n', "utf-8")
    unreadable(runs / "so_a/2026-01-01T00-00-00Z.gone.jsonl")
    code, told, errors = run(tmp_path, "export", "corpus")
    assert code == 6, errors
    assert "so_a/2026-03-01T00-00-00Z.jsonl: it cannot be read: Input/output error" in told
    assert "so_a/2026-01-01T00-00-00Z.gone.jsonl: it cannot be read" in told
    assert "so_a/2026-02-01T00-00-00Z.gone.jsonl, line 1: it cannot be read" in told
    assert "11 articles" in told
    made = json.loads((tmp_path / "corpus/manifest.json").read_text("utf-8"))
    assert made["broken_lines"] == 3 and len(made["sources"]) == 2
    code, _, errors = run(tmp_path, "export", "none", str(runs / "so_a/2026-03-01T00-00-00Z.jsonl"))
    assert code == 2 and "no run can be read" in errors and not (tmp_path / "none").exists()


def test_more_runs_make_a_corpus_than_files_may_be_open(tmp_path: Path) -> None:
    for number in range(MOST_OPEN + 60):
        write(tmp_path / f"exports/so_a/{2000 + number}-01-01T00-00-00Z.jsonl", [record(number)])
    command = f'ulimit -n {MOST_OPEN + 50}; exec "$0" -m portal_crawler.commands.console export corpus'
    environment = {**os.environ, "PYTHONPATH": str(Path(portal_crawler.__file__).parent.parent)}
    done = subprocess.run(
        ["/bin/sh", "-c", command, sys.executable], cwd=tmp_path, env=environment, check=False, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    assert b"260 articles" in done.stdout


def test_a_wacz_file_that_cannot_be_read_costs_no_record_of_others(archived: Path) -> None:
    unreadable(archived / "exports/so/archive/other.wacz")
    code, told, _ = run(archived, "verify", "corpus")
    assert code == 0, told
    assert "other.wacz: it cannot be read: " in told and "all agree" in told
