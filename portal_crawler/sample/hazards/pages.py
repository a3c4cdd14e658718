"""Pages that are not what they look like: errors that say 200, planted spam, walls, lies in the head."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from portal_crawler.sample.hazards.base import Hazard
from portal_crawler.sample.hazards.traps import shell
from portal_crawler.sample.portal import Answer, page, redirect

if TYPE_CHECKING:
    from portal_crawler.sample.portal import Asked, SamplePortal

SPAM = (
    "Nhà cái uy tín số một châu Á với kho game bài đổi thưởng, tài xỉu, nổ hũ, bắn cá và cá độ bóng đá trực tuyến. "
    "Đăng ký tài khoản nhà cái ngay hôm nay để nhận thưởng chào mừng 100%, nạp rút siêu tốc, hoàn trả mỗi ngày. "
)
CHALLENGE = (
    '<html><head><script>document.cookie="D1N=8c6f1e5ab0a4d7;path=/";window.location.reload(true);</script></head>'
    "<body><noscript>Please enable JavaScript and cookies to continue</noscript></body></html>"
)


class SoftNotFound(Hazard):
    """Every address exists, articles that are no more too: the page that says so answers 200."""

    name = "soft-404"
    about = "200 for what does not exist, with words of regret and the newest news"
    costly = True
    GONE = 5

    def planted(self, portal: SamplePortal) -> str:
        """Links to articles that are no more, their titles still standing."""
        return "".join(
            f'<a href="{self._gone(portal, place)}">Hội nghị sơ kết công tác quý {place} và triển khai nhiệm vụ mới</a>'
            for place in range(1, self.GONE + 1)
        )

    @staticmethod
    def _gone(portal: SamplePortal, place: int) -> str:
        newest = portal.stories[0]
        return portal.path(replace(newest, number=newest.number + 1000 + place))

    def change(self, portal: SamplePortal, asked: Asked, answer: Answer) -> Answer:
        """Regret, in the place of a 404."""
        if answer.status != 404 or asked.path in ("/robots.txt", "/sitemap.xml"):
            return answer
        items = "".join(f'<li><a href="{portal.path(story)}">{story.title}</a></li>' for story in portal.stories[:6])
        said = (
            "<p>Trang web mà quý vị yêu cầu không tồn tại hoặc đã được chuyển sang địa chỉ khác. Có thể bài viết đã hết "
            "hạn hiển thị, đã được biên tập lại hoặc địa chỉ mà quý vị nhập vào chưa chính xác. Xin quý vị vui lòng kiểm "
            "tra lại địa chỉ, hoặc quay về trang chủ để xem những thông tin mới nhất của chúng tôi. Xin cảm ơn quý vị.</p>"
        )
        return shell("Không tìm thấy trang", f"<h1>Không tìm thấy nội dung</h1>{said}<p>Tin mới:</p><ul>{items}</ul>")


class GamblingSpam(Hazard):
    """Gambling pages that somebody has planted, linked from a corner that nobody sees."""

    name = "gambling-spam"
    about = "gambling pages planted on the portal, behind hidden links"
    trap = re.compile(r"^/images/stories/")
    PAGES = 12

    def planted(self, portal: SamplePortal) -> str:  # noqa: ARG002 - the hook's signature
        """Hidden links."""
        links = "".join(
            f'<a href="/images/stories/tai-xiu-online-nha-cai-uy-tin-so-{place}-{70 + place}.htm">Tài xỉu online nhà cái uy tín số {place}</a>'
            for place in range(1, self.PAGES + 1)
        )
        return f'<div style="position:absolute;left:-9999px">{links}</div>'

    def answer(self, portal: SamplePortal, asked: Asked) -> Answer | None:  # noqa: ARG002 - the hook's signature
        """A page that looks like an article."""
        found = re.match(r"^/images/stories/tai-xiu-online-nha-cai-uy-tin-so-(\d+)-\d+\.htm$", asked.path)
        if found is None:
            return None
        text = "".join(f"<p>{SPAM}Phòng cược số {found[1]}-{place} mở cửa cả ngày.</p>" for place in range(6))
        outside = "".join(f'<a href="https://nhacai{place}.example/">Cá cược {place}</a> ' for place in range(9))
        return page(
            f"<html><head><title>Tài xỉu online {found[1]}</title></head><body><h1>Tài xỉu online nhà cái uy tín số "
            f'{found[1]}</h1><p class="ngay">Ngày đăng: 12/05/2024 10:00</p>{text}{outside}</body></html>'
        )


class Challenge(Hazard):
    """A wall of script before every page, from the tenth request on."""

    name = "challenge"
    about = "a script challenge before every page after the first ten"
    trap = re.compile(r"")
    FREE = 10

    def __init__(self) -> None:
        self._answered = 0

    def change(self, portal: SamplePortal, asked: Asked, answer: Answer) -> Answer:  # noqa: ARG002 - the hook's signature
        """The wall."""
        if asked.path == "/robots.txt":
            return answer
        self._answered += 1
        return answer if self._answered <= self.FREE else page(CHALLENGE)


class LoginWall(Hazard):
    """A part of the portal for members; what is asked for there ends at the form."""

    name = "login-wall"
    about = "pages that redirect to a login form, or show it in their place"
    trap = re.compile(r"^/(?:noi-bo|cong)/")

    def planted(self, portal: SamplePortal) -> str:  # noqa: ARG002 - the hook's signature
        """Links to documents that only members read."""
        return "".join(
            f'<a href="/noi-bo/tai-lieu-hop-giao-ban-thang-{month}-{month + 40}.htm">Tài liệu họp giao ban cơ quan tháng {month}</a>'
            for month in range(1, 9)
        )

    def answer(self, portal: SamplePortal, asked: Asked) -> Answer | None:  # noqa: ARG002 - the hook's signature
        """The form."""
        if asked.path.startswith("/noi-bo/"):
            month = int(re.sub(r"\D", "", asked.path) or 0)
            return redirect(f"/cong/vao.htm?ve={asked.path}") if month % 2 else self._form(month)
        return self._form(0) if asked.path == "/cong/vao.htm" else None

    @staticmethod
    def _form(month: int) -> Answer:
        wanted = f"tài liệu họp giao ban cơ quan tháng {month}" if month else "nội dung này"
        return shell(
            "Đăng nhập hệ thống",
            f"<p>Quý vị phải đăng nhập để xem {wanted}, là {wanted} của văn phòng lưu hành trong nội bộ ngành. Tài khoản do bộ phận quản trị của cơ quan cấp cho cán bộ, công "
            "chức, viên chức trong ngành; trường hợp quên mật khẩu xin liên hệ với văn phòng để được cấp lại.</p>"
            '<form action="/cong/vao.htm" method="post"><input name="taikhoan"><input type="password" name="matkhau">'
            '<input type="submit" value="Đăng nhập"></form>',
        )


class ForbiddenByRobots(Hazard):
    """Folders that robots.txt forbids, with links to them on every page."""

    name = "robots"
    about = "folders that robots.txt forbids, linked from every page"

    def robots(self, portal: SamplePortal) -> str:  # noqa: ARG002 - the hook's signature
        """Two rules, one of them with a wildcard."""
        return "Disallow: /du-thao/\nDisallow: /*/luu-hanh-noi-bo\nAllow: /du-thao/cong-khai.htm\n"

    def planted(self, portal: SamplePortal) -> str:  # noqa: ARG002 - the hook's signature
        """The links."""
        return (
            '<a href="/du-thao/van-ban-xin-y-kien-cac-don-vi-17.htm">Văn bản xin ý kiến các đơn vị trong ngành</a>'
            '<a href="/hop/luu-hanh-noi-bo-18.htm">Kết luận giao ban</a><a href="/du-thao/cong-khai.htm">Dự thảo</a>'
        )

    def answer(self, portal: SamplePortal, asked: Asked) -> Answer | None:  # noqa: ARG002 - the hook's signature
        """The pages."""
        if asked.path.startswith(("/du-thao/", "/hop/")):
            return shell("Dự thảo", "<p>Nội dung đang được cập nhật.</p>")
        return None


class CanonicalHome(Hazard):
    """Every page names the home page as its canonical address."""

    name = "canonical-home"
    about = "rel=canonical to the home page on every page"

    def change(self, portal: SamplePortal, asked: Asked, answer: Answer) -> Answer:  # noqa: ARG002 - the hook's signature
        """The lie."""
        lie = f'<head><link rel="canonical" href="{portal.base}/">'.encode()
        return replace(answer, body=answer.body.replace(b"<head>", lie, 1))


class LyingCharset(Hazard):
    """The header names another encoding than the bytes are in."""

    name = "lying-charset"
    about = "a Content-Type header that names the wrong encoding"

    def change(self, portal: SamplePortal, asked: Asked, answer: Answer) -> Answer:  # noqa: ARG002 - the hook's signature
        """The lie."""
        if not answer.content_type.startswith("text/html"):
            return answer
        return replace(answer, content_type="text/html; charset=ISO-8859-1")


class PrivateRedirect(Hazard):
    """Links that redirect to addresses inside the crawler's own network, and links to them."""

    name = "private-redirect"
    about = "redirects and links to 169.254.169.254 and to another port of this machine"

    def __init__(self, target: str = "http://127.0.0.1:9/") -> None:
        self.target = target

    def planted(self, portal: SamplePortal) -> str:  # noqa: ARG002 - the hook's signature
        """The links."""
        return (
            '<a href="/mo/1">Cơ sở dữ liệu</a><a href="/mo/2">Bản đồ số</a>'
            '<a href="http://169.254.169.254/latest/meta-data/">Dữ liệu mở</a><a href="file:///etc/passwd">Tệp</a>'
        )

    def answer(self, portal: SamplePortal, asked: Asked) -> Answer | None:  # noqa: ARG002 - the hook's signature
        """The redirects."""
        targets = {"/mo/1": "http://169.254.169.254/latest/meta-data/", "/mo/2": self.target}
        return redirect(targets[asked.path]) if asked.path in targets else None
