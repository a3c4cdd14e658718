"""Places without end or without worth: calendars, facets, growing paths, redirects, addresses that multiply."""

from __future__ import annotations

import re
from itertools import count, product
from typing import TYPE_CHECKING, ClassVar

from portal_crawler.sample.hazards.base import Hazard
from portal_crawler.sample.portal import Answer, page, redirect

if TYPE_CHECKING:
    from portal_crawler.sample.portal import Asked, SamplePortal


def shell(title: str, content: str) -> Answer:
    """A page of the portal that shows no article."""
    return page(
        f'<html><head><meta charset="utf-8"><title>{title}</title></head><body><p><a href="/">Trang chủ</a></p>'
        f"<b>{title}</b>{content}</body></html>"
    )


class Calendar(Hazard):
    """A perpetual calendar whose every month links to the next and to the one before."""

    name = "calendar"
    about = "a calendar of events whose months never end"
    trap = re.compile(r"^/su-kien/")

    def planted(self, portal: SamplePortal) -> str:
        """The link of the month."""
        now = portal.widgets.clock()
        return f'<a href="/su-kien/{now.year}/{now.month:02}/">Lịch sự kiện</a>'

    def answer(self, portal: SamplePortal, asked: Asked) -> Answer | None:  # noqa: ARG002 - the hook's signature
        """A month, and links to its days and neighbours."""
        found = re.match(r"^/su-kien/(\d+)/(\d+)/(?:(\d+)/)?$", asked.path)
        if found is None:
            return None
        months = int(found[1]) * 12 + int(found[2]) - 1
        steps = "".join(
            f'<a href="/su-kien/{step // 12}/{step % 12 + 1:02}/">{label}</a> '
            for step, label in ((months - 1, "Tháng trước"), (months + 1, "Tháng sau"))
        )
        days = "".join(f'<a href="/su-kien/{found[1]}/{found[2]}/{day:02}/">{day}</a> ' for day in range(1, 29))
        return shell(f"Sự kiện tháng {found[2]}/{found[1]}", f"<p>Không có sự kiện nào.</p>{steps}{days}")


class GrowingPaths(Hazard):
    """A relative link that the server accepts at any depth."""

    name = "growing-paths"
    about = "relative links that make every path longer"
    trap = re.compile(r"^/(?:tra-cuu|ho-so|bieu-mau)/")

    def planted(self, portal: SamplePortal) -> str:  # noqa: ARG002 - the hook's signature
        """Where it begins."""
        return '<a href="/tra-cuu/">Tra cứu</a>'

    def answer(self, portal: SamplePortal, asked: Asked) -> Answer | None:  # noqa: ARG002 - the hook's signature
        """The same page at any depth."""
        if not re.match(r"^/(?:tra-cuu|ho-so|bieu-mau)/", asked.path):
            return None
        return shell("Tra cứu", '<p><a href="ho-so/">Hồ sơ</a> <a href="bieu-mau/">Biểu mẫu</a></p>')


class Facets(Hazard):
    """Filters that can be combined in thousands of ways, each showing the same articles."""

    name = "facets"
    about = "filters whose thousands of combinations show the same articles"
    trap = re.compile(r"^/loc-tin")
    FACETS: ClassVar = {"linhvuc": range(1, 12), "nam": range(2012, 2025), "coquan": range(1, 15), "sapxep": range(4)}

    def planted(self, portal: SamplePortal) -> str:  # noqa: ARG002 - the hook's signature
        """The form's first page."""
        return '<a href="/loc-tin">Lọc tin theo lĩnh vực</a>'

    def answer(self, portal: SamplePortal, asked: Asked) -> Answer | None:
        """Five articles and one more filter."""
        if asked.path != "/loc-tin":
            return None
        chosen = "&amp;".join(f"{name}={value}" for name, value in asked.query.items())
        rest = [name for name in self.FACETS if name not in asked.query]
        more = "".join(
            f'<a href="/loc-tin?{chosen + "&amp;" if chosen else ""}{name}={value}">{name} {value}</a> '
            for name in rest
            for value in self.FACETS[name]
        )
        items = "".join(f'<li><a href="{portal.path(story)}">{story.title}</a></li>' for story in portal.stories[:5])
        return shell("Lọc tin", f"<ul>{items}</ul>{more}")


class FacetPagers(Hazard):
    """Filters, each of whose combinations has a list of several pages."""

    name = "facet-pagers"
    about = "filters whose combinations have a pager each"
    costly = True  # a second list of all articles
    trap = re.compile(r"^/thu-vien-tin\?(?!trang=\d+$)")
    SIZE = 4

    def planted(self, portal: SamplePortal) -> str:  # noqa: ARG002 - the hook's signature
        """The list without a filter."""
        return '<a href="/thu-vien-tin">Thư viện tin</a>'

    def answer(self, portal: SamplePortal, asked: Asked) -> Answer | None:
        """Every other article, by the filters, in pages; one more filter."""
        if asked.path != "/thu-vien-tin":
            return None
        chosen = {name: value for name, value in asked.query.items() if name != "trang"}
        turn = sum(map(int, chosen.values()))
        stories = [story for place, story in enumerate(portal.stories) if not chosen or (place + turn) % 2]
        number = int(asked.query.get("trang", "1"))
        shown = stories[(number - 1) * self.SIZE : number * self.SIZE]
        items = "".join(f'<li><a href="{portal.path(story)}">{story.title}</a></li>' for story in shown)
        pages = range(1, -(-len(stories) // self.SIZE) + 1)
        pager = "".join(f'<a href="{self._address(chosen, trang=page)}">{page}</a> ' for page in pages)
        more = "".join(
            f'<a href="{self._address(chosen, **{name: value})}">{name} {value}</a> '
            for name, values in Facets.FACETS.items()
            for value in values
        )
        return shell("Thư viện tin", f"<ul>{items}</ul><p>{pager}</p>{more}")

    @staticmethod
    def _address(chosen: dict[str, str], **more: int) -> str:
        return "/thu-vien-tin?" + "&amp;".join(f"{name}={value}" for name, value in sorted({**chosen, **more}.items()))


class Tags(Hazard):
    """Thousands of tags, a hundred others on every page."""

    name = "tags"
    about = "ten thousand tag pages that show what the lists show"
    trap = re.compile(r"^/nhan/")
    SHOWN, ALL = 100, 10_000

    def __init__(self) -> None:
        self._turn = count()

    def planted(self, portal: SamplePortal) -> str:  # noqa: ARG002 - the hook's signature
        """The tags of this page."""
        first = next(self._turn) * self.SHOWN
        tags = ((first + place) % self.ALL for place in range(self.SHOWN))
        return "".join(f'<a href="/nhan/tu-{tag}">từ khóa {tag}</a> ' for tag in tags)

    def answer(self, portal: SamplePortal, asked: Asked) -> Answer | None:
        """Three articles."""
        found = re.match(r"^/nhan/tu-(\d+)$", asked.path)
        if found is None:
            return None
        shown = [portal.stories[(int(found[1]) + place) % len(portal.stories)] for place in range(3)]
        items = "".join(f'<li><a href="{portal.path(story)}">{story.title}</a></li>' for story in shown)
        return shell(f"Từ khóa {found[1]}", f"<ul>{items}</ul>")


class RedirectLoop(Hazard):
    """Two addresses that send the reader to each other."""

    name = "redirect-loop"
    about = "addresses that redirect in a circle"
    trap = re.compile(r"^/vong/")

    def planted(self, portal: SamplePortal) -> str:  # noqa: ARG002 - the hook's signature
        """One of the two."""
        return '<a href="/vong/1">Hướng dẫn</a>'

    def answer(self, portal: SamplePortal, asked: Asked) -> Answer | None:  # noqa: ARG002 - the hook's signature
        """The other one."""
        return redirect("/vong/2" if asked.path == "/vong/1" else "/vong/1") if asked.path[:6] == "/vong/" else None


class RedirectChain(Hazard):
    """A redirect to a redirect, without end."""

    name = "redirect-chain"
    about = "redirects that lead to ever new redirects"
    trap = re.compile(r"^/chuyen/")

    def planted(self, portal: SamplePortal) -> str:  # noqa: ARG002 - the hook's signature
        """The first one."""
        return '<a href="/chuyen/1">Thư viện điện tử</a>'

    def answer(self, portal: SamplePortal, asked: Asked) -> Answer | None:  # noqa: ARG002 - the hook's signature
        """The next one."""
        found = re.match(r"^/chuyen/(\d+)$", asked.path)
        return redirect(f"/chuyen/{int(found[1]) + 1}") if found else None


class MetaRefresh(Hazard):
    """Pages that reload themselves under ever new addresses, and an old address that leads to an article."""

    name = "meta-refresh"
    about = "pages that go on by meta refresh, without end"
    trap = re.compile(r"^/lam-moi/")

    def planted(self, portal: SamplePortal) -> str:
        """The first of them, and the old address of the newest article."""
        story = portal.stories[0]
        return f'<a href="/lam-moi/1">Trực tuyến</a> <a href="/cu/{story.number}">{story.title}</a>'

    def answer(self, portal: SamplePortal, asked: Asked) -> Answer | None:
        """A page that is nothing but its refresh."""
        if found := re.match(r"^/lam-moi/(\d+)$", asked.path):
            target = f"/lam-moi/{int(found[1]) + 1}"
        elif (found := re.match(r"^/cu/(\d+)$", asked.path)) and int(found[1]) in portal.by_number:
            target = portal.path(portal.by_number[int(found[1])])
        else:
            return None
        head = f'<meta http-equiv="refresh" content="0; url={target}">'
        return page(
            f"<html><head>{head}<title>Đang chuyển</title></head><body><p>Đang chuyển trang...</p></body></html>"
        )


class SessionPath(Hazard):
    """A new session in the path of every link of every page."""

    name = "session-path"
    about = "a new session in the path of every link (jsessionid, (S(...)))"

    def __init__(self) -> None:
        self._sessions = count(1)

    def answer(self, portal: SamplePortal, asked: Asked) -> Answer | None:
        """The page behind the session."""
        plain = re.sub(r"/\(S\(\w+\)\)|;jsessionid=\w+", "", asked.path)
        if plain == asked.path:
            return None
        return self.change(portal, asked, portal.plain(asked.at(plain)))

    def change(self, portal: SamplePortal, asked: Asked, answer: Answer) -> Answer:  # noqa: ARG002 - the hook's signature
        """Write the session into the links."""
        session = f"k3v0qz45d1hwmr55tnyp2{next(self._sessions):04x}"
        if answer.status != 200 or not answer.content_type.startswith("text/html"):
            return answer
        html = answer.body.decode()
        if int(session[-4:], 16) % 2:
            html = re.sub(r'href="/(?!\(S\()(?=[\w-]+/)', f'href="/(S({session}))/', html)
        else:
            html = re.sub(r'(href="/[^"?;]+\.html?)(?=["?])', rf"\1;jsessionid={session.upper()}", html)
        return answer.saying(html)


class SessionQuery(Hazard):
    """A new session in the query of every link of every page."""

    name = "session-query"
    about = "a new session in the query of every link, under a name that nobody knows"

    def __init__(self) -> None:
        self._sessions = count(1)

    def change(self, portal: SamplePortal, asked: Asked, answer: Answer) -> Answer:  # noqa: ARG002 - the hook's signature
        """Write the session into the links."""
        if answer.status != 200 or not answer.content_type.startswith("text/html"):
            return answer
        session = f"phien={next(self._sessions) * 7919:08x}"
        return answer.saying(re.sub(r'(href="/[\w/-]+\.html?)(")', rf"\1?{session}\2", answer.body.decode()))


class Aliases(Hazard):
    """Every article under many addresses: other letter case, print views, tracking, order."""

    name = "aliases"
    about = "every article under many addresses (case, print, tracking, order)"

    FORMS: ClassVar = (
        "?utm_source=zalo&amp;utm_medium=share",
        "?print=1",
        "?fbclid=IwAR0abc",
        "?b=2&amp;a=1",
        "?a=1&amp;b=2",
        "?in=1",
    )

    def __init__(self) -> None:
        self._turn = count()

    def planted(self, portal: SamplePortal) -> str:
        """A box of the newest, each time in another form."""
        turn = next(self._turn)
        found = []
        for place, (story, form) in enumerate(product(portal.stories[:6], self.FORMS)):
            if (place + turn) % len(self.FORMS) == 0:
                path = portal.path(story)
                found.append(
                    f'<a href="{path.upper().replace(".HTM", ".htm") if place % 2 else path}{form}">{story.title}</a>'
                )
        return "".join(found)

    def answer(self, portal: SamplePortal, asked: Asked) -> Answer | None:
        """The article, in whatever case it is asked for, as IIS answers."""
        wanted = asked.path.lower()
        story = next((story for story in portal.stories if portal.path(story).lower() == wanted), None)
        return portal.plain(asked.at(portal.path(story))) if story and portal.path(story) != asked.path else None


class SessionSegment(Hazard):
    """A new session as a segment of the path of every link of every page."""

    name = "session-segment"
    about = "a new session before the path of every link, in a form that nobody knows"

    def __init__(self) -> None:
        self._sessions = count(1)

    def answer(self, portal: SamplePortal, asked: Asked) -> Answer | None:
        """The page behind the session."""
        plain = re.sub(r"^/~\w+(?=/)", "", asked.path)
        return None if plain == asked.path else self.change(portal, asked, portal.plain(asked.at(plain)))

    def change(self, portal: SamplePortal, asked: Asked, answer: Answer) -> Answer:  # noqa: ARG002 - the hook's signature
        """Write the session into the links."""
        if answer.status != 200 or not answer.content_type.startswith("text/html"):
            return answer
        session = f"q7m2x9d4k1{next(self._sessions) * 7919:08x}"
        return answer.saying(re.sub(r'(?<=href=")/(?=[\w-]+/)', f"/~{session}/", answer.body.decode()))
