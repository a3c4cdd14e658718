"""The command line, as a user meets it: every test starts ``portal-crawler`` in a process of its own."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import forked
import pytest
from lxml import html
from portal_server import Answer, PortalServer, article, page
from test_project import environment, portal
from test_sites import SITES, as_recorded, recorded_article

from portal_crawler.commands.console import main
from portal_crawler.corpus.formats import zstd
from portal_crawler.monitoring.verdict import ExitCode

TITLE = "Hội nghị triển khai nhiệm vụ quý một năm 2024 tại các xã vùng cao"
SELECT = ["-s", "TWISTED_REACTOR=twisted.internet.selectreactor.SelectReactor"]
QUICK = ("-s", "DOWNLOAD_DELAY=0", "-s", "AUTOTHROTTLE_ENABLED=False")
PROGRAM = [sys.executable, "-m", "portal_crawler.commands.console"]


def run(
    folder: Path, *arguments: str, given: bytes = b"", settings: str = "portal_crawler.settings"
) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    env = {**environment(), "SCRAPY_SETTINGS_MODULE": settings}
    done = forked.run(main, arguments, cwd=folder, env=env, given=given)
    return done.returncode, done.stdout, done.stderr


def unreadable(path: Path) -> Path:
    """A file that opens and cannot be read, by whomever."""
    if not Path("/proc/self/mem").exists():
        pytest.skip("there is no file here that root cannot read")
    path.symlink_to("/proc/self/mem")
    return path


def pages_of_a_site(folder: Path, count: int = 6) -> Path:
    site = folder / "site"
    (site / "news").mkdir(parents=True)
    for number in range(count):
        text = article(f"{TITLE} của đơn vị thứ {number + 1}", "<div class='menu'>Trang chủ Giới thiệu Liên hệ</div>")
        (site / "news" / f"bai-{number}.html").write_text(text, "utf-8")
    return site


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["crwl", "x"], "did you mean crawl"),
        (["nothing-like-it"], "there is no command"),
        (["crawl"], "crawl takes one spider"),
        (["crawl", "hanoi_sottt"], "did you mean hanoi_sotttt"),
        (["crawl", "unseen"], "needs an address"),
        (["crawl", "unseen", "-a", "url"], "NAME=VALUE"),
        (["crawl", "unseen", "-a"], "expected one argument"),
        *(
            (["crawl", "unseen", "-a", f"url={url}"], "is an address")
            for url in ("a.gov.vn", "ftp://a/", "http://[::1/")
        ),
        (["crawl", "unseen", "-a", "url=http://127.0.0.1:1/", "-a", "platfrom=liferay"], "did you mean platform"),
        (["crawl", "unseen", "-a", "url=http://127.0.0.1:1/", "-a", "platform=joomla"], "no platform 'joomla'"),
        (["crawl", "hanoi_sotttt", "-a", "warc=none.warc.gz"], "there is no file none.warc.gz"),
        (["crawl", "unseen", "-a", "warc=none.warc.gz"], "there is no file none.warc.gz"),
        (["crawl", "hanoi_sotttt", "--fulll"], "did you mean --full"),
        (["crawl", "hanoi_sotttt", "-L", "LOUD"], "no log level"),
        (["crawl", "hanoi_sotttt", "-s", "LOG_LEVEL=LOUD"], "no log level"),
        (["crawl", "hanoi_sotttt", "-s", "PORTAL_MAX_PAGE=5"], "did you mean PORTAL_MAX_PAGES"),
        (["crawl", "hanoi_sotttt", "-s", "PORTAL_MAX_PAGES=many"], "PORTAL_MAX_PAGES"),
        (["crawl", "hanoi_sotttt", "-s", "DOWNLOAD_DELAY=2s"], "DOWNLOAD_DELAY"),
        (["crawl", "hanoi_sotttt", "-s", "PORTAL_ARCHIVE=maybe"], "PORTAL_ARCHIVE"),
        (["crawl", "hanoi_sotttt", "-s", "PORTAL_BROWSER_REQUESTS=1.5"], "PORTAL_BROWSER_REQUESTS"),
        (["demo", "--serve", "--port", "65533"], "65535"),
        (["demo", "x"], "demo takes no arguments"),
        (["crawl", "hanoi_sotttt", *SELECT], "TWISTED_REACTOR"),
        (["extract", "http://127.0.0.1:1/", *SELECT], "TWISTED_REACTOR"),
        (["extract", ""], "an argument is empty"),
        (["extract"], "extract needs"),
        (["export", "corpus", "--confidence", "nan"], "between 0 and 1"),
        (["extract", "http://[::1/"], "is no address"),
        (["extract", "none.html"], "there is no file none.html"),
        (["extract", "."], "no HTML file"),
        (["extract", "--explian", "-"], "no option --explian; did you mean --explain"),
        (["extract", "--platform", "joomla", "-"], "no platform 'joomla'"),
        (["extract", "--spider", "hanoi", "-"], "there is no spider 'hanoi'"),
        (["extract", "--url", "hanoi.gov.vn", "-"], "http://"),
        (["show"], "show needs an export"),
        (["show", "none.jsonl"], "there is no file none.jsonl"),
        (["portals", "x"], "takes no arguments"),
        (["schema", "--wrte"], "did you mean --write"),
        (["record", "hanoi_sotttt"], "record needs a spider and an address"),
        (["record", "hanoi_sotttt", "https://sotttt.hanoi.gov.vn/x"], "project's folder"),
    ],
    ids=lambda value: " ".join(value)[:50] if isinstance(value, list) else "",
)
def test_a_mistake_is_one_line_and_exit_code_2(tmp_path: Path, arguments: list[str], told: str) -> None:
    code, out, said = run(tmp_path, *arguments)
    assert code == 2
    assert out == ""
    assert told in said
    assert len(said.splitlines()) == 1, said


def test_commands_are_listed_and_helper_modules_are_none(tmp_path: Path) -> None:
    code, out, _ = run(tmp_path)
    listed = set(re.findall(r"^  (\w+) ", out, re.MULTILINE))
    assert code == 0
    assert {"crawl", "demo", "extract", "portals", "record", "schema", "show"} <= listed
    assert not listed & {"console", "pages", "typeset"}


def test_portals(tmp_path: Path) -> None:
    code, out, _ = run(tmp_path, "portals", "--json")
    assert code == 0
    portals = {portal["name"]: portal for portal in json.loads(out)}
    assert portals["hanoi_sotttt"]["platform"] == "liferay"
    assert portals["quangtri_sldtbxh"] | {"verified": False, "province": "quang-tri"} == portals["quangtri_sldtbxh"]
    code, table, _ = run(tmp_path, "portals")
    line = next(line for line in table.splitlines() if "quangtri_sldtbxh" in line)
    assert "quang-tri" in line
    assert line.rstrip().endswith("unverified")
    assert set(portals) <= set(table.split())


def test_extract_a_folder(tmp_path: Path) -> None:
    site = pages_of_a_site(tmp_path)
    packed = site / "packed.html.gz"
    packed.write_bytes(gzip.compress((site / "news" / "bai-0.html").read_bytes()))
    code, out, said = run(tmp_path, "extract", str(site))
    assert (code, said) == (0, "")
    found = [json.loads(line) for line in out.splitlines()]
    assert sorted(line["title"] for line in found) == sorted(
        f"{TITLE} của đơn vị thứ {number}" for number in (1, 1, 2, 3, 4, 5, 6)
    )
    assert all("thống nhất các nhiệm vụ" in line["text"] and "Giới thiệu" not in line["text"] for line in found)
    assert all(line["url"].startswith("file:///") for line in found)


def test_extract_tells_what_is_no_article(tmp_path: Path) -> None:
    good, empty = tmp_path / "good.html", tmp_path / "empty.html"
    good.write_text(article(TITLE), "utf-8")
    empty.write_bytes(b"")
    (tmp_path / "broken.html.gz").write_bytes(gzip.compress(b"<p>x</p>")[:-9])
    code, out, said = run(tmp_path, "extract", "good.html", "empty.html", "broken.html.gz")
    assert code == 6
    assert json.loads(out)["title"] == TITLE
    assert [line.partition(":")[0] for line in said.splitlines()] == ["rejected (empty_body)", "rejected (undecodable)"]
    code, out, said = run(tmp_path, "extract", "empty.html")
    assert (code, out, len(said.splitlines())) == (3, "", 1)


def test_extract_standard_input_with_its_address(tmp_path: Path) -> None:
    body = article(TITLE).replace("</h1>", '</h1><p><a href="/tep/thong-bao.pdf">Tải về</a></p>')
    url = "https://stp.example.gov.vn/news/tin-tuc/hoi-nghi-12.html"
    code, out, _ = run(tmp_path, "extract", "--url", url, "--platform", "nukeviet", "-", given=body.encode())
    assert code == 0
    found = json.loads(out)
    assert found["url"] == found["canonical_url"] == url
    again = json.loads(run(tmp_path, "extract", "--url", url, "--platform", "nukeviet", "-", given=body.encode())[1])
    assert again["id"] == found["id"]


def test_extract_takes_the_address_that_the_page_states(tmp_path: Path) -> None:
    stated = '<head><link rel="canonical" href="https://stp.example.gov.vn/tin/bai-1.html">'
    (tmp_path / "a.html").write_text(article(TITLE).replace("<head>", stated), "utf-8")
    code, out, _ = run(tmp_path, "extract", "a.html")
    assert code == 0
    assert json.loads(out)["url"] == "https://stp.example.gov.vn/tin/bai-1.html"


HOSTILE = (
    "<script>document.title='run'</script><style>@import 'http://evil.example/a.css'</style>"
    "<p onclick='run()' style='background:url(http://evil.example/b.png)'>Đoạn thứ nhất của bài viết nói về việc "
    "&lt;script&gt;alert(1)&lt;/script&gt; được ghi lại nguyên văn trong biên bản họp của sở ngày hôm qua.</p>"
    "<a href='javascript:run()'>xem \" onmouseover=run() x=\"</a><img src='http://evil.example/c.png' alt='&lt;b&gt;ảnh'>"
    "<iframe src='http://evil.example/'></iframe><svg onload='run()'><script>run()</script></svg></style></mark></div>"
)


def test_the_coloured_page_shows_all_and_runs_nothing(tmp_path: Path) -> None:
    site = pages_of_a_site(tmp_path)
    (site / "news" / "la.html").write_text(article(TITLE, HOSTILE), "utf-8")

    code, out, _ = run(tmp_path, "extract", "--explain", "--html", "out.html", str(site))

    assert (code, out) == (0, "")
    text = (tmp_path / "out.html").read_text("utf-8")
    root = html.document_fromstring(text)
    assert len(root.cssselect("h1.name")) == 7
    assert not root.cssselect("script, iframe, img, svg, link, object, embed, form")
    assert "evil.example" not in text
    assert {name for element in root.iter() for name in element.attrib if name.startswith("on")} == set()
    assert all(link.get("href").startswith("#") for link in root.iter("a"))
    shown = [mark.text_content() for mark in root.cssselect(".page mark")]
    assert any("<script>alert(1)</script>" in said for said in shown)
    menu = next(mark for mark in root.cssselect(".page mark.gone") if "Trang chủ" in mark.text_content())
    assert re.search(r"menu: document frequency [\d.]+ over \d+ pages", menu.get("data-why"))
    assert root.cssselect("mark[data-field=title]")


def test_html_without_explain_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(page("<p>chữ</p>"), "utf-8")
    code, _, err = run(tmp_path, "extract", "--html", "out.html", "a.html")
    assert code == 2
    assert "--explain" in err


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('wrappers = (Wrapper(article="#a["),)', "line 6: SelectorSyntaxError"),
        ('article_urls = r"^/bai-(?P<id>\\d+)$"', "line 4: TypeError: ViduStp.article_urls is no tuple"),
        ("here is no Python", "line 6: SyntaxError"),
    ],
)
def test_a_mistake_in_a_sites_file_is_told_with_its_place(tmp_path: Path, line: str, told: str) -> None:
    (tmp_path / "vidu").mkdir()
    (tmp_path / "vidu" / "__init__.py").touch()
    (tmp_path / "vidu" / "stp.py").write_text(
        "from portal_crawler.extraction.wrapper import Wrapper\n"
        "from portal_crawler.platforms.nukeviet import NukeVietSpider\n\n"
        f'class ViduStp(NukeVietSpider):\n    name = "vidu_stp"\n    {line}\n',
        "utf-8",
    )
    (tmp_path / "own.py").write_text('from portal_crawler.settings import *\nSPIDER_MODULES = ["vidu"]\n', "utf-8")
    code, out, err = run(tmp_path, "portals", settings="own")
    assert (code, out, len(err.splitlines())) == (2, "", 1), err
    assert f"vidu/stp.py, {told}" in err


def test_html_writes_over_no_page_that_it_reads(tmp_path: Path) -> None:
    site = pages_of_a_site(tmp_path, 2)
    victim = site / "news" / "bai-0.html"
    before = victim.read_bytes()

    for read in (victim, site):
        code, _, err = run(tmp_path, "extract", "--explain", "--html", str(victim), str(read))
        assert (code, len(err.splitlines())) == (2, 1)
        assert "is one of the pages that are read" in err
        assert victim.read_bytes() == before

    code, _, _ = run(tmp_path, "extract", "--explain", "--html", str(site / "out.html"), str(site))
    assert code == 0, "the file that is being written is no page of the folder"
    assert {path.name for path in site.iterdir()} == {"news", "out.html"}


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["fetch", "{url}"], "<h1>Tin tức</h1>"),
        (["parse", "{url}", "--spider", "sample_stp", "-a", "url={url}"], "tin-tuc/hoi-nghi-1.html"),
        (["shell", "{url}", "-c", "response.css('h1::text').get()"], "Tin tức"),
    ],
    ids=lambda value: value[0],
)
def test_scrapys_commands_for_one_page_work_and_leave_nothing(tmp_path: Path, command: list[str], told: str) -> None:
    with PortalServer(portal()) as server:
        given = [word.replace("{url}", f"{server.url}/") for word in command]
        code, out, err = run(tmp_path, *given, "-s", "PORTAL_ALLOW_PRIVATE=127.0.0.1", *QUICK)
    assert "Traceback" not in err, err
    assert code == 0
    assert told in out
    assert list(tmp_path.iterdir()) == []


def test_explain_names_each_removed_block_and_why(tmp_path: Path) -> None:
    site = pages_of_a_site(tmp_path)
    code, out, _ = run(tmp_path, "extract", "--explain", str(site))
    assert code == 0
    articles = [json.loads(line) for line in run(tmp_path, "extract", str(site))[1].splitlines()]
    assert out.count("kept: ") == len(articles) == 6
    shown = re.sub(r"\s+", "", out)
    for one in articles:
        assert re.sub(r"\s+", "", one["title"]) in shown
        for removed in one["extraction"]["removed"]:
            assert removed["widget"] in out
    assert any(one["extraction"]["removed"] for one in articles)


def test_extract_an_address_obeys_robots(tmp_path: Path) -> None:
    rules = Answer("User-agent: *\nDisallow: /private/\n", headers={"Content-Type": "text/plain"})
    pages: dict[str, Any] = {"/robots.txt": rules, "/private/a.html": article(TITLE), "/b-1.html": article(TITLE)}
    with PortalServer(pages) as server:
        addresses = [server.url + path for path in ("/private/a.html", "/b-1.html", "/gone-2.html")]
        contact = "PORTAL_CONTACT=https://archive.example/crawl"
        code, out, said = run(tmp_path, "extract", *QUICK, "-s", contact, *addresses)
        assert {"contact: https://archive.example/crawl" in str(seen.user_agent) for seen in server.log} == {True}
        assert server.asked("/private/a.html") == 0
        assert server.asked("/b-1.html") == 1
    assert code == 6
    assert json.loads(out)["title"] == TITLE
    assert {line.partition(":")[0] for line in said.splitlines()} == {
        "rejected (not_fetched_robots)",
        "rejected (http_error)",
    }


@pytest.mark.parametrize("command", [["extract"], ["record", "angiang_snv"]], ids=lambda command: command[0])
def test_no_page_of_others_is_asked_for_without_a_contact(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "tests").mkdir()
    code, out, said = run(tmp_path, *command, "http://so-noi-vu.invalid/tin/bai-1.html", "-s", "PORTAL_CONTACT=")
    assert (code, out, len(said.splitlines())) == (ExitCode.NO_CONTACT, "", 1)
    assert "PORTAL_CONTACT" in said


# Characters that a terminal obeys instead of printing them.
OBEYED = set("\x1b\x07\x9b\u061c\u202e")


def export(folder: Path, name: str = "a.jsonl") -> Path:
    lines = [
        {"id": f"{number:016x}", "url": f"http://x/{number}", "portal": "so_y_te", "title": title, "text": text}
        | {"published_at": f"2024-03-0{number}T08:00:00+07:00"}
        for number, title, text in (
            (1, "Bài [bold]một[/]", "Đoạn một.\n\nĐoạn hai."),
            (2, "Bài hai \x1b[31mđỏ\x9b\u061c\u202e", "Chữ \x1b]0;tên\x07 [link]."),
            (3, "Bài ba", ""),
        )
    ]
    path = folder / name
    data = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
    pack = {".gz": gzip.compress, ".zst": zstd.compress}.get(path.suffix, bytes)
    path.write_bytes(pack(data))
    return path


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.jsonl.part"])
def test_show_lists_and_typesets(tmp_path: Path, name: str) -> None:
    path = export(tmp_path, name)
    if name.endswith(".part"):
        path.write_bytes(path.read_bytes() + b'{"id": "half a li')
    code, out, said = run(tmp_path, "show", name)
    assert (code, said) == (0, "")
    assert [line.split()[:3] for line in out.splitlines()] == [
        [str(number), f"2024-03-0{number}", "so_y_te"] for number in (1, 2, 3)
    ]
    assert "Bài [bold]một[/]" in out
    assert not set(out) & OBEYED
    code, out, _ = run(tmp_path, "show", name, "2", f"{1:016x}")
    assert code == 0
    assert "Chữ \N{REPLACEMENT CHARACTER}]0;tên" in out
    assert "[link]." in out
    assert not set(out) & OBEYED
    assert out.index("Bài hai") < out.index("Đoạn hai.")


def test_show_refuses_what_is_no_export(tmp_path: Path) -> None:
    export(tmp_path)
    (tmp_path / "b.jsonl").write_text("nothing\n", "utf-8")
    (tmp_path / "c.rejects.jsonl").write_text('{"url": "http://x/", "reason": "no_article"}\n', "utf-8")
    (tmp_path / "d.jsonl").write_text("[" * 10_000, "utf-8")
    for arguments, told in (
        (["a.jsonl", "4"], "its numbers end with 3"),
        (["b.jsonl"], "line 1: no JSON"),
        (["d.jsonl"], "line 1: no JSON"),
        (["c.rejects.jsonl"], "holds no articles"),
    ):
        code, _, said = run(tmp_path, "show", *arguments)
        assert code == 2
        assert told in said
        assert len(said.splitlines()) == 1


def test_what_a_file_holds_commands_no_terminal_in_a_message_either(tmp_path: Path) -> None:
    (tmp_path / "a.rejects.jsonl").write_text('["\x9b31m \u202e"]\n', "utf-8")
    code, _, said = run(tmp_path, "retry", "a.rejects.jsonl")
    assert (code, len(said.splitlines())) == (2, 1)
    assert "no JSON object" in said
    assert not set(said) & OBEYED


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    long = "".join(json.dumps({"id": "1", "url": "u", "text": "", "title": "x" * 80}) + "\n" for _ in range(20_000))
    (tmp_path / "long.jsonl").write_text(long, "utf-8")
    with subprocess.Popen(
        [*PROGRAM, "show", "long.jsonl"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


def test_closed_streams_read_and_write_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("", "utf-8")
    command = 'exec "$0" -m portal_crawler.commands.console export corpus a.jsonl <&- >&-'
    done = subprocess.run(  # a shell closes them
        ["/bin/sh", "-c", command, sys.executable], cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, check=False
    )
    assert (done.returncode, done.stderr) == (3, b"")
    assert (tmp_path / "corpus/manifest.json").is_file()


API = """
from portal_crawler.crawling.api import JsonApi
from portal_crawler.platforms.portal import PortalSpider

class Vidu(PortalSpider):
    name = "vidu"
    start_urls = ["{0}/"]
    api = JsonApi(
        lists=("{0}/api/tin?trang={{number}}",), address="{0}/bai/{{slug}}-{{id}}", detail="{0}/api/tin/{{id}}",
        article="data",
    )
"""


def test_of_a_portal_with_an_interface_the_json_of_an_article_is_recorded(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    text = "".join(f"<p>{paragraph}</p>" for paragraph in html.fromstring(article(TITLE)).xpath("//p/text()"))
    said = json.dumps({"data": {"id": 7, "slug": "hoi-nghi", "title": TITLE, "content": text, "author": "An"}}).encode()
    typed = {"Content-Type": "application/json"}
    shell = page('<div id="app"></div>')
    pages = {"/bai/hoi-nghi-7": shell, "/api/tin/7": Answer(said, headers=typed), "/api/tin/8": Answer("{}")}
    with PortalServer(pages) as server:
        (tmp_path / "vidu.py").write_text(API.format(server.url), "utf-8")
        settings = ("-s", "SPIDER_MODULES=vidu", *QUICK)
        code, _, errors = run(tmp_path, "record", "vidu", f"{server.url}/bai/hoi-nghi-7", *settings)
        assert (code, errors) == (0, "")
        code, _, errors = run(tmp_path, "record", "vidu", f"{server.url}/api/tin/7", *settings)
        assert code == 2 and "already" in errors
        code, _, errors = run(tmp_path, "record", "vidu", f"{server.url}/api/tin/8", *settings)
        assert code == 3 and "no article at data" in errors
    path = tmp_path / "tests/sites/vidu.json"
    assert {one.name for one in path.parent.iterdir()} == {"vidu.json", "vidu.api"}
    assert path.with_suffix(".api").read_bytes() == said
    record = json.loads(path.read_text("utf-8"))
    assert (record["url"], record["content_type"]) == (f"{server.url}/api/tin/7", typed["Content-Type"])
    assert (record["article"]["title"], record["article"]["author"]) == (TITLE, "An")
    names: dict[str, Any] = {}
    exec((tmp_path / "vidu.py").read_text("utf-8"), names)
    found = recorded_article(path, record, names["Vidu"])
    assert as_recorded(asdict(found), record["article"]) == record["article"]


def test_record_writes_what_the_test_of_sites_reads(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    body = article(TITLE).encode()
    moved = Answer(status=301, headers={"Location": "/tin/bai-1.html"})
    with PortalServer({"/tin/bai-1.html": Answer(body), "/tin/bai-2.html": page("<p>x</p>"), "/1": moved}) as server:
        url = f"{server.url}/tin/bai-1.html"
        code, _, said = run(tmp_path, "record", "angiang_snv", url, *QUICK)
        assert code == 0, said
        assert "is no address of the portal" in said
        code, _, said = run(tmp_path, "record", "angiang_snv", f"{server.url}/1", *QUICK)
        assert code == 2, "it leads to the page that is recorded already"
        assert "--force" in said
        code, _, said = run(tmp_path, "record", "angiang_snv", f"{server.url}/tin/bai-2.html", *QUICK)
        assert code == 3
        assert said.startswith("nothing recorded (")
    sites = tmp_path / "tests" / "sites"
    assert (sites / "angiang_snv.html").read_bytes() == body
    record = json.loads((sites / "angiang_snv.json").read_text("utf-8"))
    assert record["url"] == url
    assert record["content_type"] == "text/html; charset=utf-8"
    assert record["reviewed"] is False
    assert record["article"]["title"] == TITLE
    assert "fetched_at" not in record["article"]

    (tmp_path / "saved.html").write_bytes(body)
    other = "https://snv.angiang.gov.vn/tin/bai-9.html"
    code, _, said = run(tmp_path, "record", "angiang_snv", other, "--file", "saved.html")
    assert (code, said) == (0, "")
    assert {path.name for path in sites.iterdir()} == {
        f"angiang_snv{number}.{ending}" for number in ("", ".2") for ending in ("html", "json")
    }
    code, _, said = run(tmp_path, "record", "angiang_snv", other, "--file", "saved.html")
    assert code == 2
    assert "--force" in said
    assert run(tmp_path, "record", "angiang_snv", other, "--file", "saved.html", "--force")[0] == 0


def test_record_tells_which_layout_fits(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "other.html").write_text(article(TITLE), "utf-8")
    url, fits = "http://127.0.0.1:1/tin/bai-1.html", SITES / "sample_syt.html"
    code, out, _ = run(tmp_path, "record", "sample_syt", url, "--file", str(fits))
    assert code == 0
    assert re.search(r"^layout +#ctl00_cphMain_pnlDetail *$", out, re.MULTILINE)
    assert "no layout" not in out
    code, out, _ = run(tmp_path, "record", "hanoi_sotttt", url, "--file", "other.html")
    assert code == 0
    assert re.search(r"^layout +- *$", out, re.MULTILINE)
    assert "no layout of hanoi_sotttt fits this page" in out


def test_an_error_in_the_program_is_one_line_without_debug(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("raise RuntimeError('a bug')\n", "utf-8")
    arguments = ["portals", "-s", "SPIDER_LOADER_CLASS=broken.Loader"]
    code, _, said = run(tmp_path, *arguments)
    assert code == 1
    assert said.splitlines() == ["portal-crawler: RuntimeError: a bug (--debug shows where)"]
    code, _, said = run(tmp_path, "--debug", *arguments)
    assert code == 1
    assert "Traceback" in said
