"""Captchas, script challenges and logins are told from pages, and end a crawl that meets nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from crawl import crawl
from portal_server import Answer, PortalServer, Seen, article, link, page

from portal_crawler.crawling.walls import wall
from portal_crawler.monitoring.verdict import ExitCode, verdict

HTML = {"content-type": "text/html"}
COOKIE = '<html><body><script>document.cookie="D0N=3f2a";window.location.reload(true);</script></body></html>'
AES = '<html><script src="/aes.js"></script><script>document.cookie="__test="+x;location.href="/?i=1";</script><noscript>Bật JavaScript</noscript>'
CLOUDFLARE = "<title>Just a moment...</title><script>window._cf_chl_opt={}</script><h1>so.gov.vn</h1>"
CAPTCHA = "<title>Kiểm tra</title><p>Vui lòng xác nhận bạn không phải là robot</p><form><img src=captcha.jpg><input name=ma></form>"
RECAPTCHA = '<form><div class="g-recaptcha"></div></form>'
LOGIN = "<title>Đăng nhập hệ thống</title><form><input name=u><input type=password name=p></form>"
MENU = "".join(link(f"/muc-{number}", f"Mục {number}") for number in range(12))


@pytest.mark.parametrize(
    ("status", "body", "what"),
    [
        (200, COOKIE, "script challenge"),
        (403, AES, "script challenge"),
        (503, CLOUDFLARE, "Cloudflare challenge"),
        (200, CAPTCHA, "captcha"),
        (429, RECAPTCHA, "captcha"),
        (200, LOGIN, "login"),
        (200, '<iframe src="/_Incapsula_Resource?x"></iframe>', "Incapsula challenge"),
        (200, "The requested URL was rejected. Please consult with your administrator.", "firewall refusal"),
        # Pages that have a bit of it, and are pages.
        (200, RECAPTCHA + article("Góp ý dự thảo"), None),
        (200, page(MENU, LOGIN), None),
        (200, article("Cổng dịch vụ công: hướng dẫn đăng nhập và xác thực") + LOGIN, None),
        (200, article("Tổ chức hội nghị") + COOKIE, None),
        (403, "<h1>Forbidden</h1>", None),
        (404, "<p>Không tìm thấy</p>", None),
        (200, "", None),
        (200, "<script>document.cookie='lang=vi'</script><p>Xin chào</p>", None),
    ],
)
def test_walls_are_told_from_pages(status: int, body: str, what: str | None) -> None:
    assert wall(status, HTML, body.encode()) == what


def test_a_header_tells_too_and_other_types_are_no_walls() -> None:
    assert wall(403, HTML | {"cf-mitigated": "challenge"}, b"") == "Cloudflare challenge"
    assert wall(200, {"content-type": "application/pdf"}, COOKIE.encode()) is None


PATHS = [f"/tin-tuc/hoi-nghi-tong-ket-{number}.html" for number in range(1, 13)]
HOME = page('<meta name="generator" content="NukeViet v4.5">', *(link(path, f"Bài viết {path}") for path in PATHS))


def test_one_wall_is_a_reject_and_the_crawl_goes_on() -> None:
    pages = {"/": HOME, **{path: article(f"Hội nghị {path}") for path in PATHS}, PATHS[3]: Answer(CLOUDFLARE, 503)}
    with PortalServer(pages) as server:
        done = crawl("unseen", {"RETRY_TIMES": 2}, url=f"{server.url}/", platform="nukeviet")
        assert server.asked(PATHS[3]) == 1, "a wall is not knocked at"
    assert len(done.captures) == len(PATHS) - 1
    assert [(reject["reason"], reject["retry"]) for reject in done.rejected] == [("blocked", "retry")]
    assert "Cloudflare challenge" in done.rejected[0]["detail"]


def test_a_portal_of_walls_is_left() -> None:
    pages = {"/": HOME, **dict.fromkeys(PATHS, COOKIE)}
    with PortalServer(pages) as server:
        settings = {"CONCURRENT_REQUESTS_PER_DOMAIN": 1, "CONCURRENT_REQUESTS": 1, "PORTAL_WALLS": 3}
        done = crawl("unseen", settings, url=f"{server.url}/", platform="nukeviet")
        assert sum(path in PATHS for path in server.paths) == 3
    assert [reject["reason"] for reject in done.rejected] == ["blocked"] * 3 + ["postponed"] * 9
    assert done.stats["hosts/blocked"] == 1
    assert verdict(done.stats, "finished") is ExitCode.BLOCKED


def test_a_known_login_is_not_asked_for_again_and_what_it_hides_is_told_of() -> None:
    hidden = PATHS[4:9]
    pages = {
        "/": HOME,
        **{path: article(f"Bài viết công khai số {number}") for number, path in enumerate(PATHS)},
        **{path: Answer("", 302, headers={"Location": f"/cong?ve={path}"}) for path in hidden},
        **{f"/cong?ve={path}": LOGIN for path in hidden},
    }
    with PortalServer(pages) as server:
        settings = {"CONCURRENT_REQUESTS_PER_DOMAIN": 1, "CONCURRENT_REQUESTS": 1}
        done = crawl("unseen", settings, url=f"{server.url}/", platform="nukeviet")
        assert sum(path.startswith("/cong") for path in server.paths) == 1
        assert all(server.asked(path) == 1 for path in hidden)
    assert len(done.captures) == len(PATHS) - len(hidden)
    assert [reject["reason"] for reject in done.rejected] == ["blocked"] * len(hidden)
    assert done.stats["blocked/login"] == len(hidden)


def test_a_wall_at_the_door_is_blocked_not_empty() -> None:
    with PortalServer({"*": COOKIE, "/robots.txt": Answer("", 404)}) as server:
        done = crawl("unseen", url=f"{server.url}/")
    assert [reject["reason"] for reject in done.rejected] == ["blocked"]
    assert verdict(done.stats | {"item_scraped_count": 0}, "finished") is ExitCode.BLOCKED


def behind_cookie(body: str, cookie: str) -> Callable[[Seen], Answer | str]:
    """A page that is redirected to itself, by way of another, until a cookie comes back."""

    def answer(seen: Seen) -> Answer | str:
        if seen.cookie == cookie:
            return body
        return Answer("", 302, headers={"Location": seen.path, "Set-Cookie": f"{cookie}; path=/; HttpOnly"})

    return answer


def test_a_cookie_without_which_nothing_is_shown_is_sent_back() -> None:
    shown = {"/": HOME, **{path: article(f"Bài viết công khai số {path}") for path in PATHS}}
    pages = {path: behind_cookie(body, "vao=1") for path, body in shown.items()}
    pages["/robots.txt"] = behind_cookie(f"User-agent: *\nDisallow: {PATHS[0]}", "vao=1")
    with PortalServer(pages) as server:
        settings = {
            "COOKIES_ENABLED": False,
            "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
            "CONCURRENT_REQUESTS": 1,
            "PORTAL_SOFT_404": False,
        }
        done = crawl("unseen", settings, url=f"{server.url}/", platform="nukeviet")
        assert server.asked("/robots.txt") == 2
        assert all(server.asked(path) == 1 for path in PATHS[1:]), "once it is known, it comes with each request"
        assert server.asked(PATHS[0]) == 0
    assert len(done.captures) == len(PATHS) - 1
    assert done.stats["cookies/sent_back"] == 1


def test_a_cookie_that_does_not_help_is_told_and_no_other_is_kept() -> None:
    first, second, third = PATHS[:3]
    sets = {"Content-Type": "text/html; charset=utf-8", "Set-Cookie": "phien=77; path=/"}
    pages = {
        "/": Answer(HOME, headers=sets),
        **{path: article(f"Bài viết công khai số {path}") for path in PATHS},
        first: Answer("", 302, headers={"Location": first, "Set-Cookie": "vao=1"}),
        second: Answer("", 302, headers={"Location": f"{second}?x=1"} | {"Set-Cookie": "qua=2"}),
        f"{second}?x=1": Answer(article("Bài viết thứ hai")),
        third: Answer("", 302, headers={"Location": third}),
    }
    with PortalServer(pages) as server:
        settings = {"COOKIES_ENABLED": False, "CONCURRENT_REQUESTS_PER_DOMAIN": 1, "CONCURRENT_REQUESTS": 1}
        done = crawl("unseen", settings, url=f"{server.url}/", platform="nukeviet")
        assert server.asked(first) == 2
        assert {seen.cookie for seen in server.log} == {None, "vao=1"}
    said = {reject["url"].removeprefix(server.url): reject["detail"] for reject in done.rejected}
    assert set(said) == {first, third}
    assert "the cookie that it sets was sent back" in said[first]
    assert "cookie" not in said[third]
