"""Pages that go on with whole other articles behind their own: the text ends where the first of them begins."""

from __future__ import annotations

from collections.abc import Callable

import designed
import pytest
from designed import ASKED, captured

from portal_crawler.items import Article, Capture

PLACES = ("Vĩnh Ô", "Hải An", "Cam Tuyền", "Ba Nang", "Triệu Độ", "Gio Mai", "Tà Long", "Húc Nghì")


def headline(number: int) -> str:
    return f"Xã {PLACES[number % 8]} sửa chữa trường học trước mùa mưa năm {2015 + number}"


def paragraphs(number: int) -> list[str]:
    return [
        f"Ngôi trường thứ {part} của xã {PLACES[number % 8]} có {part * 7 + number} phòng học, được thay mái và quét vôi với "
        f"kinh phí {part * 3 + number} triệu đồng do phụ huynh thôn {PLACES[-number % 8]} đóng góp."
        for part in range(1, 5)
    ]


def text(number: int) -> str:
    return "".join(f"<p>{each}</p>" for each in paragraphs(number))


def day(number: int) -> str:
    return f"{number % 28 + 1:02}/{number % 12 + 1:02}/2019 08:{number % 60:02}"


def behind(number: int) -> list[int]:
    return [10 * (number + 1) + step for step in range(5)]


def under_links(number: int) -> str:
    more = "".join(
        f"<div class='bai'><h2><a href='/tin/{n + 100}.html'>{headline(n)}</a></h2><div class='ngay'>{day(n)}</div>"
        f"<div class='noi-dung'>{text(n)}</div></div>"
        for n in behind(number)
    )
    head = f"<h1>{headline(number)}</h1><div class='ngay'>{day(number)}</div>"
    return f"{head}<div class='noi-dung'>{text(number)}</div><div class='cung-muc'><h3>Cùng chuyên mục</h3>{more}</div>"


def in_articles(number: int) -> str:
    return "".join(
        f"<article data-url='/tin/{n + 100}.html'><h1>{headline(n)}</h1><time>{day(n)}</time>{text(n)}</article>"
        for n in (number, *behind(number))
    )


def inside_the_first(number: int) -> str:
    more = "".join(
        f"<article><header><h2>{headline(n)}</h2><time>{day(n)}</time></header><div>{text(n)}</div></article>"
        for n in behind(number)
    )
    head = f"<header><h2>{headline(number)}</h2><time>{day(number)}</time></header>"
    return f"<article>{head}<div>{text(number)}</div><div class='tiep'>{more}</div></article>"


def in_one_element(number: int) -> str:
    each = (f"<h1>{headline(n)}</h1><div class='ngay'>{day(n)}</div>{text(n)}" for n in (number, *behind(number)))
    return f"<div class='noi-dung'>{''.join(each)}</div>"


def under_links_in_one_element(number: int) -> str:
    more = "".join(
        f"<h2><a href='/tin/{n + 100}.html'>{headline(n)}</a></h2><div class='ngay'>{day(n)}</div><div>{text(n)}</div>"
        for n in behind(number)
    )
    return f"<h1>{headline(number)}</h1><div class='ngay'>{day(number)}</div><div>{text(number)}</div>{more}"


def page(number: int, main: str, title: str) -> Capture:
    body = (
        f"<html><head><title>{title}</title></head><body><ul><li><a href='/'>Trang chủ</a></li></ul><div class='giua'>"
        f"{main}</div><div class='chan'><p>Sở Giáo dục. Điện thoại: 0233 385 2000</p></div></body></html>"
    )
    return captured("sgddt", number, body)


def read(design: Callable[[int], str], *, learned: bool = False, named: bool = False) -> Article:
    def shown(number: int) -> Capture:
        return page(number, design(number), headline(number) if named else "Chi tiết - Sở Giáo dục")

    return designed.read(shown, learned=learned)


@pytest.mark.parametrize("learned", [False, True], ids=["alone", "learned"])
@pytest.mark.parametrize("named", [False, True], ids=["untitled", "titled"])
@pytest.mark.parametrize(
    "design", [under_links, in_articles, inside_the_first, in_one_element, under_links_in_one_element]
)
def test_the_text_ends_where_the_next_whole_article_begins(
    design: Callable[[int], str], named: bool, learned: bool
) -> None:
    found = read(design, learned=learned, named=named)
    assert found.title == headline(ASKED)
    assert found.text == "\n\n".join(paragraphs(ASKED))
    assert found.published_raw is not None
    assert "04/04/2019" in found.published_raw


def digest(number: int) -> str:
    """The news of a week, each with a link to its page and a date, in one text."""
    items = "".join(
        f"<h2><a href='/tin/{n + 100}.html'>{headline(n)}</a></h2><p>{n % 28 + 1}/02/2019</p>{text(n)}"
        for n in behind(number)
    )
    return f"<h1>Điểm tin trong tuần của ngành giáo dục</h1><div class='noi-dung'>{text(number)}{items}</div>"


def in_chapters(number: int) -> str:
    """Chapters with headings, dates of events and links to other sites."""
    items = "".join(
        f"<section><h2><a href='https://truong{n}.edu.vn/'>{headline(n)}</a></h2><p>{n % 28 + 1}/02/2019</p>{text(n)}</section>"
        for n in behind(number)
    )
    return f"<article><h1>Mười trường học được sửa chữa trong năm</h1>{text(number)}{items}</article>"


@pytest.mark.parametrize("design", [digest, in_chapters])
def test_the_parts_of_one_text_are_no_other_articles(design: Callable[[int], str]) -> None:
    found = read(design)
    for number in (ASKED, *behind(ASKED)):
        assert all(each in found.text for each in paragraphs(number))


def with_a_card(number: int) -> str:
    card = (
        f"<article class='the'><h3><a href='/tin/{number + 101}.html'>{headline(number + 1)}</a></h3>"
        f"<time>{day(number + 1)}</time><p>{paragraphs(number + 1)[0]}</p></article>"
    )
    body = "".join(f"<p>{each}</p>{card if at == 1 else ''}" for at, each in enumerate(paragraphs(number)))
    return f"<article><h1>{headline(number)}</h1><time>{day(number)}</time>{body}</article>"


def test_the_text_goes_on_behind_a_card_in_its_midst() -> None:
    assert read(with_a_card).text == "\n\n".join(paragraphs(ASKED))


def banner(number: int) -> str:
    """The site's name and motto above the one article of the page."""
    return (
        "<h1>Cổng thông tin của Sở Giáo dục</h1><p>Thi đua dạy thật tốt, học thật tốt để xứng đáng với niềm tin của nhân dân "
        f"toàn tỉnh</p><article><h1>{headline(number)}</h1><time>{day(number)}</time>{text(number)}</article>"
    )


def window(number: int) -> str:
    """A window that asks for followers, in the page's source above the one article."""
    return (
        "<article class='cua-so'><h3>Mời bạn đọc theo dõi trang của Sở</h3><p>Mỗi ngày trang của Sở gửi tới bạn đọc những tin mới "
        f"nhất về trường lớp, kỳ thi và học bổng trong toàn tỉnh</p></article><article><h1>{headline(number)}</h1>"
        f"<time>{day(number)}</time>{text(number)}</article>"
    )


@pytest.mark.parametrize("learned", [False, True], ids=["alone", "learned"])
@pytest.mark.parametrize("design", [banner, window])
def test_the_one_article_below_what_the_site_says_is_kept(design: Callable[[int], str], learned: bool) -> None:
    found = read(design, learned=learned)
    assert all(each in found.text for each in paragraphs(ASKED))
