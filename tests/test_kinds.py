"""What portals publish besides news: photo essays, procedures, bulletins, decisions, schedules, poems, notices.

Most pages of such a section have lines in common, few of their lines look like text, and much of it stands in frames.
"""

from __future__ import annotations

import pytest
from designed import ASKED, read
from test_designs import MENU, both, headline, page, paragraphs, sentence, text

from portal_crawler.extraction.byline import person
from portal_crawler.items import Capture


def lines_of(found: str) -> list[str]:
    return [line for line in found.split("\n") if line]


# ----------------------------------------------------------------------------------------------------------- fields


def notice(number: int) -> Capture:
    title = f"Công văn số {number + 300}/SCT về việc tăng cường {('quản lý', 'bảo vệ')[number % 2]} cầu treo dân sinh"
    links = "".join(f"<li><span>1{one}/02/2020</span><a href='/t/{one}'>{headline(one)}</a></li>" for one in range(6))
    main = (
        f"<div class='title-cate'>Thông báo</div><div class='detail'><div class='name'>{title}</div>"
        f"<div class='info'>Ngày đăng: 1{number}/3/2021 - Lượt xem: 4{number}</div>"
        f"<div class='html'><p><strong>{title}</strong></p><p>{sentence(number, 1)}</p></div></div>"
        f"<div class='others'><div class='title-cate'>Các tin khác</div><ul>{links}</ul></div>"
    )
    return page(number, main, "Thông báo - Sở Công Thương")


@both
def test_the_name_of_the_section_is_not_the_headline_that_stands_below_it_twice(learned: bool) -> None:
    found = read(notice, learned=learned)
    title = f"Công văn số {ASKED + 300}/SCT về việc tăng cường bảo vệ cầu treo dân sinh"
    assert (found.title, found.lead, lines_of(found.text)) == (title, None, [sentence(ASKED, 1)])


def test_the_name_of_the_site_stands_above_the_way_to_the_headline() -> None:
    def design(number: int) -> Capture:
        crumbs = "<div class='x'><a href='/'>Trang chủ</a>/<a href='/tin'>Tin tức/Sự kiện</a>/<a href='/tin/xa'>Tin xã</a></div>"
        main = f"<h1>Sở Công Thương tỉnh</h1>{crumbs}<h2>{headline(number)}</h2>{paragraphs(text(number))}"
        return page(number, f"<ol>{MENU}</ol>{main}", "Chi tiết bài")

    found = read(design, learned=False)
    assert found.title == headline(ASKED)
    assert found.section == ["Tin tức/Sự kiện", "Tin xã"]


def test_who_has_written_may_stand_above_a_row_of_tools() -> None:
    tools = "".join(
        f"<li><a href='#{n}'><span>{said}</span></a></li>"
        for n, said in enumerate(("cỡ chữ", "In ấn", "Email", "1", "2", "3", "4"))
    )

    def design(number: int) -> Capture:
        head = f"<h2 class='itemTitle'>{headline(number)}</h2><span class='a'>Viết bởi&nbsp;<a href='/u/1'>Đoàn Thị Mai Lan</a></span>"
        tags = "<div class='b'><span>Thẻ:</span><ul class='itemTags'><li><a href='/t/1'>cầu treo</a></li></ul></div>"
        return page(number, f"<div>{head}</div><div><ul>{tools}</ul></div><div>{paragraphs(text(number))}</div>{tags}")

    found = read(design, learned=False)
    assert (found.author, found.tags) == ("Đoàn Thị Mai Lan", ["cầu treo"])


def test_the_writer_is_named_in_an_element_with_two_underscores() -> None:
    def design(number: int) -> Capture:
        by = f"<p>bởi</p><div class='wp-block-post-author'><p class='wp-block-post-author__name'>Hồ Thị Kim Cúc</p></div><time>{number + 10} Tháng 7, 2023</time>"
        return page(number, f"<h1>{headline(number)}</h1>{by}{paragraphs(text(number))}")

    assert read(design, learned=False).author == "Hồ Thị Kim Cúc"


def test_a_date_in_pieces_is_read_as_they_are_shown() -> None:
    def design(number: int) -> Capture:
        badge = f"<div class='date-badge'><span>0{number + 1}</span><span>Tháng 11</span><span>2023</span></div>"
        intro = f"<p class='intro'>{sentence(number, 1)}</p>"
        return page(
            number, f"<div>{badge}<h1>{headline(number)}</h1>{intro}<div>{paragraphs(text(number)[1:])}</div></div>"
        )

    found = read(design, learned=False)
    assert (found.published_at, found.lead) == (f"2023-11-0{ASKED + 1}", sentence(ASKED, 1))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Đoàn Minh Trí", True),
        ("Hà Văn Thắng", True),
        ("Hà Nội", False),
        ("Đoàn Thanh niên", False),
        ("Sở Công Thương", False),
    ],
)
def test_a_surname_that_institutions_begin_with_is_one_before_two_names(line: str, told: bool) -> None:
    assert (person(line) is not None) is told
