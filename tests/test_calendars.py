"""A calendar behind a form is left as soon as one behind links, and is asked for once though it stands on many pages."""

from __future__ import annotations

import pytest
from crawl import crawl
from portal_server import PortalServer, Seen, article, link, page

STORIES = {f"/tin-tuc/tin-{name}-cua-huyen-trong-nam.html": f"Hội nghị tổng kết của xã {name}" for name in "abcdefghik"}


def form(token: int) -> str:
    months = "".join(f"<option value={month}>{month}</option>" for month in range(1, 13))
    years = "".join(f"<option>{year}</option>" for year in range(1990, 2040))
    return (
        f"<form method=post action='/lich/'><input type=hidden name=ma value=a81f{token:012}><select name=thang>{months}"
        f"</select><select name=nam>{years}</select><input type=submit value=Xem></form>"
    )


@pytest.mark.parametrize("hidden", [False, True])
def test_a_calendar_that_is_posted_is_left_soon(hidden: bool) -> None:
    """What an archive of that kind shows is found all the same: each month of one year has an article of its own."""
    old = {f"/tin-cu/tin-cu-cua-thang-{month}-nam.html": f"Tin cũ của tháng {month} năm ấy" for month in range(1, 13)}
    turn = iter(range(10**6))

    def calendar(seen: Seen) -> str:
        month = f"thang-{seen.form.get('thang')}-"
        shown = [link(path, title) for path, title in old.items() if hidden and month in path]
        days = (link(f"/lich/?d={day}", f"{day}") for day in range(1, 31))
        return page("<h2>Lịch</h2>", form(next(turn)), *shown, *days, title="Lịch")

    def home(_: Seen) -> str:
        return page(form(next(turn)), *(link(path, title) for path, title in STORIES.items()))

    pages: dict[str, object] = {path: article(title) for path, title in (STORIES | old).items()}
    days = {f"/lich/?d={day}": calendar for day in range(1, 31)}
    with PortalServer({"/": home, "/lich/": calendar, **days, **pages}) as server:  # type: ignore[dict-item]
        done = crawl("unseen", url=f"{server.url}/")
        asked = [path for path in server.paths if path.startswith("/lich/")]
    assert {server.url + path for path in (STORIES | old if hidden else STORIES)} <= set(done.urls), done.log
    assert hidden or 1 <= len(asked) <= 25, len(asked)
