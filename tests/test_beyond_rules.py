"""Pages of a recognised platform that its family's rules do not know: documents and modules of the site's own."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from crawl import crawl
from portal_server import Answer, PortalServer, Seen, article, body, link, page
from test_project import articles, command, environment
from test_project import crawl as run
from test_replay import archive_of

if TYPE_CHECKING:
    from pathlib import Path

MENU = "".join(
    link(path, text)
    for path, text in (
        ("/vi/news/tin-tuc/", "Tin tức"),
        ("/vi/van-ban-so/", "Văn bản"),
        ("/vi/su-kien/", "Sự kiện"),
        ("/vi/thu-tuc/", "Thủ tục"),
        ("/vi/nhan-su/", "Nhân sự"),
        ("/about/gioi-thieu-chung-ve-so-3.html", "Giới thiệu chung về Sở Nội vụ tỉnh"),
    )
)
NUKEVIET = '<meta name="generator" content="NukeViet v4.3">'
NEWS = {
    f"/vi/news/tin-tuc/hoi-nghi-tong-ket-{n}.html": f"Hội nghị tổng kết công tác năm, lần {n}" for n in range(101, 109)
}
DOCUMENTS = {
    f"/vi/van-ban-so/view/ke-hoach-cong-tac/?vbid={n}": f"Kế hoạch công tác tuyên truyền đợt {n}" for n in range(1, 9)
}
EVENTS = {f"/vi/su-kien/ngay-hoi-van-hoa-{n}/": f"Ngày hội văn hóa các dân tộc lần thứ {n}" for n in range(21, 27)}
PROCEDURES = {f"/vi/thu-tuc/cap-lai-giay-phep-so-{n}/": f"Cấp lại giấy phép hoạt động loại {n}" for n in range(31, 37)}
PEOPLE = {f"/vi/nhan-su/can-bo-phong-{n}/": f"Nguyễn Văn An, Trưởng phòng Tổ chức số {n}" for n in range(41, 47)}


def shown(*parts: str, title: str = "Sở Nội vụ") -> str:
    return page(NUKEVIET, MENU, *parts, title=title)


def listed(found: dict[str, str], dates: str = "") -> str:
    return "".join(f"<li>{link(path, title)} {dates}</li>" for path, title in found.items())


def record(number: int, title: str) -> str:
    rows = {
        "Số ký hiệu": f"{number}/KH-SNV",
        "Ngày ban hành": f"0{number}/03/2025",
        "Loại văn bản": "Kế hoạch",
        "Trích yếu": title,
        "Người ký": "Trần Văn Bình",
    }
    cells = "".join(f"<tr><td>{label}</td><td>{value}</td></tr>" for label, value in rows.items())
    return shown(f"<h2>{title}</h2><table>{cells}</table>", title=title)


def portal() -> dict[str, Any]:
    text = "<h1>{0}</h1><p>Cập nhật: 12/03/2025</p><div>{1}</div>"
    procedure = "<p>Trình tự thực hiện</p><p>Cách thức thực hiện</p><p>Thời hạn giải quyết</p>" + text
    first, second = dict(list(DOCUMENTS.items())[:4]), dict(list(DOCUMENTS.items())[4:])
    about = "Giới thiệu chung về Sở Nội vụ tỉnh"
    form = "<form><label>Số ký hiệu</label><input><label>Ngày ban hành</label><input></form>"
    pages: dict[str, Any] = {
        "/": shown(listed(dict(list(NEWS.items())[:3]))),
        "/vi/news/tin-tuc/": shown(listed(NEWS)),
        "/vi/van-ban-so/": shown(form, listed(first), link("/vi/van-ban-so/page-2/", "2")),
        "/vi/van-ban-so/page-2/": shown(form, listed(second), link("/vi/van-ban-so/", "1")),
        "/vi/su-kien/": shown(listed(EVENTS, "<span>(05/03/2025)</span>")),
        "/vi/thu-tuc/": shown(listed(PROCEDURES)),
        "/vi/nhan-su/": shown(listed(PEOPLE)),
        "/about/gioi-thieu-chung-ve-so-3.html": shown(text.format(about, body(about)), title=about),
    }
    pages |= {path: article(title, NUKEVIET, MENU) for path, title in NEWS.items()}
    pages |= {path: record(number, title) for number, (path, title) in enumerate(DOCUMENTS.items(), 1)}
    pages |= {path: article(title, MENU) for path, title in (EVENTS | PEOPLE).items()}
    return pages | {
        path: shown(procedure.format(title, body(title)), title=title) for path, title in PROCEDURES.items()
    }


def found_in(urls: list[str]) -> set[str]:
    return {"/" + url.split("/", 3)[3] for url in urls}


def test_documents_and_announced_pages_of_other_modules_are_articles_and_nothing_else_is() -> None:
    with PortalServer(portal()) as server:
        done = crawl("unseen", url=f"{server.url}/")
    assert found_in(done.urls) == NEWS.keys() | DOCUMENTS.keys() | EVENTS.keys()
    first = next(capture for capture in done.captures if capture["url"].endswith("-21/"))
    assert (first["link_text"], first["listed_date"]) == (EVENTS["/vi/su-kien/ngay-hoi-van-hoa-21/"], "05/03/2025")


def test_the_rules_of_a_declared_site_stay_in_force() -> None:
    with PortalServer(portal()) as server:
        done = crawl("portal_crawler.platforms.nukeviet.NukeVietSpider", name="so", url=f"{server.url}/")
    assert found_in(done.urls) == set(NEWS)


def test_a_replay_finds_them_too(tmp_path: Path) -> None:
    host = "http://so.example.gov.vn"
    path = archive_of(tmp_path / "portal.warc.gz", portal(), host)
    subprocess.run([*command(host), "-a", f"warc={path}"], cwd=tmp_path, env=environment(), check=False)
    found = found_in([one["url"] for one in articles(tmp_path)])
    assert found >= NEWS.keys() | DOCUMENTS.keys()
    assert not found & (PROCEDURES.keys() | PEOPLE.keys())


def test_a_later_crawl_looks_at_their_lists_and_finds_what_is_new(tmp_path: Path) -> None:
    pages = portal()
    with PortalServer(pages) as server:
        run(server.url, tmp_path)
        new, title = "/vi/van-ban-so/view/ke-hoach-cong-tac/?vbid=9", "Kế hoạch công tác tuyên truyền đợt 9"
        pages["/vi/van-ban-so/"] = pages["/vi/van-ban-so/"].replace("<li>", listed({new: title}) + "<li>", 1)
        pages[new] = record(9, title)
        server.log.clear()
        run(server.url, tmp_path)
        paths = server.paths
    assert new in found_in([one["url"] for one in articles(tmp_path)])
    assert not {"/vi/thu-tuc/", "/vi/nhan-su/"} & set(paths)


def test_no_list_is_taken_for_one_of_articles_because_others_of_its_form_came_first(tmp_path: Path) -> None:
    pages = portal()
    come, served = threading.Event(), 0

    def event(text: str) -> Callable[[Seen], str]:
        def answer(_: Seen) -> str:
            nonlocal served
            served += 1
            if served == len(EVENTS):
                come.set()
            return text

        return answer

    def last(_: Seen) -> str:
        come.wait(10)
        return portal()["/vi/nhan-su/"]

    with PortalServer(pages | {path: event(pages[path]) for path in EVENTS} | {"/vi/nhan-su/": last}) as server:
        run(server.url, tmp_path)
        assert served == len(EVENTS)
        server.log.clear()
        run(server.url, tmp_path)
        paths = set(server.paths)
    assert "/vi/su-kien/" in paths
    assert not {"/vi/thu-tuc/", "/vi/nhan-su/"} & paths


@pytest.mark.parametrize("portlet", ["vanbanso_WAR_x", "tailieu_INSTANCE_aB3"])
def test_documents_of_any_portlet_of_liferay(portlet: str) -> None:
    head = "<script>Liferay.currentURL = '/';</script><div id='p_p_id_101_' class='portlet-boundary'></div>"
    news = {
        f"/web/so/tin/-/asset_publisher/aB3/content/hoi-nghi-{n}": f"Hội nghị tổng kết công tác năm {n}"
        for n in range(1, 6)
    }
    back = "&_{0}_redirect=%2Fweb%2Fso%2Fvan-ban"
    documents = {
        f"/web/so/van-ban?p_p_id={portlet}&_{portlet}_docId={n}{back.format(portlet)}": f"Kế hoạch tuyên truyền đợt {n} năm nay"
        for n in range(1, 9)
    }
    pages: dict[str, Any] = {
        "/web/so": page(head, link("/web/so/tin", "Tin"), link("/web/so/van-ban", "Văn bản")),
        "/web/so/tin": page(listed(news)),
        "/web/so/van-ban": page(listed({path.replace("&", "&amp;"): title for path, title in documents.items()})),
    }
    pages |= {path: article(title) for path, title in news.items()}
    pages |= {path: record(number, title) for number, (path, title) in enumerate(documents.items(), 1)}
    with PortalServer(pages) as server:
        done = crawl("unseen", url=f"{server.url}/web/so")
    assert found_in(done.urls) == news.keys() | documents.keys()


def test_print_views_that_a_parameter_asks_for_are_no_lost_articles() -> None:
    """index.php?act=print: robots.txt forbids it, and each article has come under its own address."""
    paths = [f"/index.php?mod=tin&act=xem&id={number}" for number in range(101, 113)]

    def view(path: str) -> str:
        return article(
            f"Hội nghị tổng kết công tác của ngành {path[-3:]}", link(path.replace("xem", "print"), "In bài này")
        )

    home = page(*(link(path, f"Hội nghị tổng kết công tác của ngành {path[-3:]}") for path in paths))
    robots = Answer("User-agent: *\nDisallow: /*act=print\n", headers={"Content-Type": "text/plain"})
    with PortalServer({"/": home, "/robots.txt": robots, **{path: view(path) for path in paths}}) as server:
        done = crawl("unseen", url=f"{server.url}/")
    assert len(set(done.urls)) == len(paths)
    assert done.rejected == [] and "failed/article" not in done.stats
