"""Answers to wrong addresses that claim to be pages; pages that load themselves again."""

from __future__ import annotations

from crawl import crawl
from portal_server import Answer, PortalServer, Seen, article, body, link, page

PATHS = [f"/tin-tuc/hoi-nghi-tong-ket-{number}.html" for number in range(1, 5)]
GENERATOR = '<meta name="generator" content="NukeViet v4.5">'
MENU = "".join(link(f"/muc-{number}/", f"Chuyên mục số {number}") for number in range(6))


def missing(seen: Seen) -> str:
    """A portal's own page for wrong addresses, with a counter and the address in it."""
    visits = 1000 + len(seen.path) * 37
    return page(MENU, f"<p>Trang {seen.path} bạn tìm không tồn tại hoặc đã bị xóa.</p><p>Lượt truy cập: {visits}</p>")


def test_pages_that_are_not_there_are_told_by_the_site_itself() -> None:
    gone = {"/tin-tuc/da-xoa-8.html": missing, "/tin-tuc/da-xoa-bai-viet-dai-9.html": missing}
    pages = {path: article(f"Hội nghị tổng kết {path}", MENU) for path in PATHS}
    home = page(GENERATOR, *(link(path, f"Bài viết {path}") for path in [*pages, *gone]))
    with PortalServer({"/": home, "*": missing, "/robots.txt": Answer("", 404), **pages, **gone}) as server:
        done = crawl("unseen", {"PORTAL_SOFT_404": True}, url=f"{server.url}/", platform="nukeviet")
        probes = sum("does-this-page-exist" in path for path in server.paths)
    assert {capture["url"] for capture in done.captures} == {server.url + path for path in PATHS}, done.log
    told = {reject["url"].removeprefix(server.url): reject["reason"] for reject in done.rejected}
    assert {path: told.get(path) for path in gone} == dict.fromkeys(gone, "soft_404")
    assert probes == 1


def test_an_answer_that_is_another_each_time_is_told_by_its_regret() -> None:
    def missing(seen: Seen) -> str:
        said = "<p>Nội dung quý vị tìm không tồn tại trên hệ thống.</p>"
        return page(MENU, "<h1>Rất tiếc</h1>", said, body(f"Có thể quý vị quan tâm {seen.path}"))

    gone = {"/tin-tuc/da-xoa-bai-viet-dai-9.html": missing}
    pages = {path: article(f"Hội nghị tổng kết {path}", MENU) for path in PATHS}
    # An article may speak of what does not exist.
    pages[PATHS[0]] = pages[PATHS[0]].replace("<p>", "<p>Trang thông tin giả mạo này không tồn tại trên hệ thống. ", 1)
    home = page(GENERATOR, *(link(path, f"Bài viết {path}") for path in [*pages, *gone]))
    with PortalServer({"/": home, "*": missing, "/robots.txt": Answer("", 404), **pages, **gone}) as server:
        done = crawl("unseen", {"PORTAL_SOFT_404": True}, url=f"{server.url}/", platform="nukeviet")
    assert {capture["url"] for capture in done.captures} == {server.url + path for path in PATHS}, done.log
    told = {reject["url"].removeprefix(server.url): reject["reason"] for reject in done.rejected}
    assert {path: told.get(path) for path in gone} == dict.fromkeys(gone, "soft_404")


def test_an_honest_site_and_short_articles_lose_nothing() -> None:
    pages = {path: page(MENU, f"<h1>Thông báo {path}</h1><p>Nghỉ lễ ngày {n}.</p>") for n, path in enumerate(PATHS)}
    home = page(GENERATOR, *(link(path, f"Bài viết {path}") for path in pages))
    with PortalServer({"/": home, **pages}) as server:
        done = crawl("unseen", {"PORTAL_SOFT_404": True}, url=f"{server.url}/", platform="nukeviet")
    assert len(done.captures) == len(PATHS), done.log


def refresh(content: str) -> str:
    return f'<meta http-equiv="refresh" content="{content}">'


def test_a_refresh_is_followed_to_what_is_new_alone() -> None:
    links = [link(path, f"Bài viết {path}") for path in PATHS]
    pages = {path: article(f"Hội nghị tổng kết {path}") for path in PATHS}
    pages[PATHS[0]] = article("Tự tải lại", refresh(f"5; url={PATHS[0]}"))
    pages[PATHS[1]] = article("Về trang chủ", refresh("0; url=/"))
    pages[PATHS[2]] = article("Ra ngoài", refresh("0; url=http://169.254.169.254/"))
    with PortalServer({"/": page(refresh("0; url=/portal/"), "Đang chuyển"), **pages}) as server:
        server.pages["/portal/"] = page(GENERATOR, refresh("60"), refresh("3; url=/portal/"), *links)
        done = crawl("unseen", url=f"{server.url}/", platform="nukeviet")
        assert server.asked("/portal/") == server.asked(PATHS[0]) == 1
    assert len(done.captures) == len(PATHS), done.log


def test_refreshes_without_end_are_bounded() -> None:
    def onward(seen: Seen) -> str:
        return page(refresh(f"0; url={seen.path}x"))

    with PortalServer({"*": onward, "/robots.txt": Answer("", 404)}) as server:
        crawl("unseen", {"REDIRECT_MAX_TIMES": 5}, url=f"{server.url}/", platform="nukeviet")
        assert len([path for path in server.paths if path.endswith("x") and "xml" not in path]) <= 6
