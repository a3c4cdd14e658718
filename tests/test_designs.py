"""Page designs as portals have them, each read alone and with what the site's other pages teach."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from unicodedata import normalize

import pytest
from designed import ASKED, PAGES, captured, read

from portal_crawler.extraction.article import extract
from portal_crawler.extraction.beside import keep_between
from portal_crawler.extraction.blocks import blocks
from portal_crawler.extraction.page import parse_page
from portal_crawler.extraction.verdicts import Verdicts
from portal_crawler.items import Article, Capture, Rejected

PLACES = ("Vĩnh Ô", "Hải An", "Cam Tuyền", "Ba Nang", "Triệu Độ", "Gio Mai", "Tà Long", "Húc Nghì")
MENU = "".join(f"<li><a href='/m/{name}'>{name}</a></li>" for name in ("Giới thiệu", "Tin tức", "Văn bản", "Liên hệ"))
FOOT = "<div class='chan'><p>Sở Công Thương. Địa chỉ: 12 Hùng Vương. Điện thoại: 0233 385 2000</p></div>"


def headline(number: int) -> str:
    return f"Khánh thành cầu treo dân sinh ở xã {PLACES[number]}"


def sentence(number: int, part: int) -> str:
    return (
        f"Cây cầu ở xã {PLACES[number]} dài {part * 17 + number} mét, có kinh phí {part * 3 + number} tỷ đồng, giúp bà con "
        f"hai thôn {PLACES[-number]} và {PLACES[part]} đi lại thuận tiện hơn trong mùa mưa lũ sắp tới."
    )


def text(number: int, of: int = 4) -> list[str]:
    return [sentence(number, part) for part in range(1, of + 1)]


def paragraphs(lines: list[str]) -> str:
    return "".join(f"<p>{line}</p>" for line in lines)


def page(number: int, main: str, title: str = "Chi tiết - Sở Công Thương") -> Capture:
    body = f"<html><head><title>{title}</title></head><body><ul>{MENU}</ul><div class='giua'>{main}</div>{FOOT}</body></html>"
    return captured("sct", number, body)


both = pytest.mark.parametrize("learned", [False, True], ids=["alone", "learned"])


# --------------------------------------------------------------------------------------------------------- documents


def record(number: int) -> Capture:
    fields = {
        "Số ký hiệu": f"{number + 210}/QĐ-UBND",
        "Trích yếu": f"Quyết định phê duyệt phương án cấp nước cho xã {PLACES[number]}",
        "Ngày ban hành": f"0{number + 1}/03/2019",
        "Cơ quan ban hành": f"Ủy ban nhân dân xã {PLACES[number]}",
    }
    rows = "".join(
        f"<div class='row'><div class='col-3'>{label}:</div><div class='col-9'>{value}</div></div>"
        for label, value in fields.items()
    )
    return page(number, f"<h2>Chi tiết văn bản</h2><div class='vb'>{rows}</div>")


@both
def test_the_labels_of_a_record_are_part_of_it_on_however_many_pages_they_stand(learned: bool) -> None:
    found = read(record, learned=learned)
    assert found.document is not None
    assert found.document.number == "213/QĐ-UBND"
    assert found.published_at == found.document.issued_on == "2019-03-04"
    assert found.title == f"Quyết định phê duyệt phương án cấp nước cho xã {PLACES[ASKED]}"
    assert "Ngày ban hành:" in found.text


# ------------------------------------------------------------------------------------------------- tables and notices

CELLS = ["Thứ 2, 14/4", "Họp bàn về xã {place}", "Đ/c Hải", "Thứ 3, 15/4", "Làm việc tại {place}", "Đ/c Lan"]


def timetable(number: int, before: str, behind: str) -> Capture:
    cells = [cell.format(place=PLACES[number]) for cell in CELLS]
    rows = [("Thời gian", "Nội dung", "Chủ trì"), *zip(cells[::3], cells[1::3], cells[2::3], strict=True)]
    table = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows * 3)
    links = "".join(f"<p><a href='/tin/{other + 100}.html'>{headline(other)}</a></p>" for other in range(PAGES))
    main = (
        f"<div class='ct'><div class='td'>{headline(number)}</div><div>Ngày đăng: 1{number}-02-2021 | Lượt xem: 17</div>"
        f"<div class='nd'>{before}<table>{table}</table>{behind}</div></div><div><div>Tin khác</div>{links}</div>"
    )
    return page(number, main, f"{headline(number)} - Sở Công Thương")


@both
@pytest.mark.parametrize("before", ["", "<p>Lịch tuần như sau:</p>"], ids=["bare", "led to"])
def test_a_table_with_next_to_no_text_around_it_is_the_text(learned: bool, before: str) -> None:
    def design(number: int) -> Capture:
        # Of the other pages one in two is an ordinary article.
        if number % 2:
            return timetable(
                number,
                before,
                f"<p>{sentence(number, 5)}</p><p><a href='/f/{number}.pdf'>Lịch {PLACES[number]}</a></p>",
            )
        return page(number, f"<h1>{headline(number)}</h1>{paragraphs(text(number))}", headline(number))

    found = read(design, learned=learned)
    assert found.text.count("Thời gian | Nội dung | Chủ trì") == 3
    assert found.text.count(f"Thứ 3, 15/4 | Làm việc tại {PLACES[ASKED]} | Đ/c Lan") == 3
    assert sentence(ASKED, 5) in found.text and "Khánh thành" not in found.text
    assert [file.name for file in found.attachments] == [f"Lịch {PLACES[ASKED]}"]


@both
def test_a_table_that_is_most_of_the_text_is_kept_whole(learned: bool) -> None:
    works = ("Tập huấn kỹ năng số cho cán bộ cấp xã", "Khảo sát các điểm sạt lở ven sông", "Sửa chữa nhà văn hóa thôn")

    def design(number: int) -> Capture:
        rows = [
            [str(n), works[n % 3], f"{n * 3701 + number}", f"{n * 2903 + number}", f"{n * 1907 + number}"]
            for n in range(1, 36)
        ]
        table = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
        head = "".join(f"<th>{cell}</th>" for cell in ("STT", "Nội dung", "Dự toán", "Thực hiện", "So sánh (%)"))
        table = f"<table class='table'><thead><tr>{head}</tr></thead><tbody>{table}</tbody></table>"
        body = f"<p>{sentence(number, 1)}</p>{table}" if number == ASKED else paragraphs(text(number))
        main = f"<div>Điều hành</div><div>{headline(number)}</div><div>09/03/2021 07:4{number}</div><div>{body}</div>"
        return page(number, f"<section><div>{main}</div></section>", headline(number))

    found = read(design, learned=learned).text.splitlines()
    assert "STT | Nội dung | Dự toán | Thực hiện | So sánh (%)" in found
    assert f"35 | {works[35 % 3]} | 129538 | 101608 | 66748" in found


# ------------------------------------------------------------------------------------------------------------- files


@both
def test_a_file_is_the_articles_own_whatever_its_link_says_on_all_pages(learned: bool) -> None:
    def design(number: int) -> Capture:
        main = (
            f"<div class='ct'><h1>{headline(number)}</h1><div class='nd'>{paragraphs(text(number))}</div>"
            f"<div class='tep'><a href='/f/{number}.pdf'>Tải về</a></div>"
            "<div class='mau'><a href='/f/mau.doc'>Mẫu đơn</a></div></div>"
        )
        return page(number, main, headline(number))

    files = [file.url.rsplit("/", 1)[1] for file in read(design, learned=learned).attachments]
    assert files == ([f"{ASKED}.pdf"] if learned else [f"{ASKED}.pdf", "mau.doc"])


# ------------------------------------------------------------------------------------------- the line of date and time


def dated(line: str, above: str = "", behind: str = "") -> Callable[[int], Capture]:
    return lambda number: page(
        number,
        f"{above}<div class='ct'><h1>{headline(number)}</h1>{line.replace('07:4', f'07:4{number}')}"
        f"<div class='nd'>{paragraphs(text(number))}{behind.replace('07:4', f'07:4{number}')}</div></div>",
        headline(number),
    )


@both
@pytest.mark.parametrize(
    ("line", "author", "source"),
    [
        (
            "<div>Thứ ba, ngày 09/03/2021 07:4 - Tác giả: Trần Bảo - Nguồn: Báo Nhân Dân - Lượt xem: 2.230</div>",
            "Trần Bảo",
            "Báo Nhân Dân",
        ),
        ("<div>Tác giả bài viết: Trần Bảo | 09/03/2021 07:4</div>", "Trần Bảo", None),
        ("<div>Tác giả: admin | 09/03/2021 07:4 | Lượt xem: 17</div>", None, None),
        (
            "<div class='tt'><span class='date'><i></i> 07:4 | 09/03/2021</span><span><i></i> 2230</span></div>",
            None,
            None,
        ),
        ("<p>Ngày tạo: 09/03/2021 07:4</p>", None, None),
        (
            "<div><span><i></i> Thứ ba, 09/03/2021 07:4</span><span>Lượt xem: 77</span><a href='#n'>A-</a>"
            "<a href='#l'>A+</a><span>In trang</span><span>Gửi email</span></div>",
            None,
            None,
        ),
        ("<div><span>07:4 09/03/2021</span><span>1234 lượt xem</span><button>Nghe bài</button></div>", None, None),
        ("<div>Được đăng bởi <span>bientap2</span> vào Thứ ba, 09/03/2021 - 07:4</div>", None, None),
    ],
)
def test_the_line_of_the_date_tells_it_and_is_no_text(
    line: str, author: str | None, source: str | None, learned: bool
) -> None:
    found = read(dated(line, above="<div class='date'>Thứ ba, 01/04/2025</div>"), learned=learned)
    assert found.text.split("\n\n") == text(ASKED)
    assert (found.published_at, found.author, found.source) == ("2021-03-09T07:43:00+07:00", author, source)


@both
@pytest.mark.parametrize("line", ["<div>Đăng bởi: btv | 0{}.03.2021 | Xem: 230</div>", "<p>0{}/03/2021</p>"])
def test_a_headline_that_nothing_names_stands_above_its_date(line: str, learned: bool) -> None:
    def design(number: int) -> Capture:
        head = f"<p class='css-1'>{headline(number)}</p>{line.format(number + 1)}"
        return page(number, f"<div>{head}<div class='css-2'>{paragraphs(text(number))}</div></div>", "Sở Công Thương")

    found = read(design, learned=learned)
    assert (found.title, found.text.split("\n\n")) == (headline(ASKED), text(ASKED))
    assert found.published_at == f"2021-03-0{ASKED + 1}"


@both
@pytest.mark.parametrize(
    "line", ["<h2>{}</h2>", "<div class='tieu-de'>{}</div>", "<p><font color='red'><b>{}</b></font></p>"]
)
def test_a_headline_of_a_few_words_is_set_apart(line: str, learned: bool) -> None:
    def design(number: int) -> Capture:
        head = line.format("Tin buồn") if number == ASKED else line.format(headline(number))
        body = f"{head}<p>Ngày đăng: 0{number + 1}/03/2021</p><div class='nd'>{paragraphs(text(number))}</div>"
        return page(number, f"<div>{body}</div>", "Sở Công Thương")

    assert read(design, learned=learned).title == "Tin buồn"


@both
def test_the_date_below_a_link_is_that_of_the_page_behind_it(learned: bool) -> None:
    teaser = "<div><a href='/tin/{0}'>{1}</a></div><div class='created'><time>0{0}/02/2020 - 07:30</time></div>"
    shown = "".join(teaser.format(n, name) for n, name in enumerate(("Tin buồn", "Ra mắt sàn giao dịch nông sản"), 1))

    def design(number: int) -> Capture:
        body = f"<h1>{headline(number)}</h1><div class='nd'>{paragraphs(text(number))}</div>"
        return page(number, f"<div>{body}</div><div><h2>Cùng chủ đề</h2>{shown}</div>", headline(number))

    assert read(design, learned=learned).published_at is None


@both
def test_the_date_in_a_headline_is_of_what_it_speaks_of(learned: bool) -> None:
    def design(number: int) -> Capture:
        title = f"Thông báo số {number} ngày 18/9/2020 về kỳ thi"
        return page(number, f"<div><h1>{title}</h1><div class='nd'>{paragraphs(text(number))}</div></div>", title)

    found = read(design, learned=learned)
    assert (found.title, found.published_at) == (f"Thông báo số {ASKED} ngày 18/9/2020 về kỳ thi", None)


@both
def test_who_has_written_and_the_time_of_day_stand_in_lines_of_their_own_before_a_short_text(learned: bool) -> None:
    def design(number: int) -> Capture:
        fields = f"<li>Thầy Cường</li><li>0{number + 1} Tháng 03, 2021</li><li>05:3{number} ch</li><li>Không có bình luận</li>"
        body = paragraphs(text(number)) if number != ASKED else "<p>Nhà trường nghỉ học chiều nay.</p>"
        return page(
            number, f"<div class='ct'><h1>{headline(number)}</h1><ul>{fields}</ul>{body}</div>", headline(number)
        )

    found = read(design, learned=learned)
    assert (found.text, found.published_at) == ("Nhà trường nghỉ học chiều nay.", f"2021-03-0{ASKED + 1}")


@both
def test_a_whole_text_in_one_cell_ends_where_other_news_are_announced(learned: bool) -> None:
    def design(number: int) -> Capture:
        file = f"<a href='/f/{number}.doc'>Biểu mẫu {number}</a>"
        names = ("Tin buồn", f"Xã {PLACES[number]} ra mắt mô hình thu gom rác tại nguồn", "Chiều biên giới")
        news = "<br>".join(f"+ <a href='/tin/{n}'>{name}</a> (1{n}/02/2020)" for n, name in enumerate(names))
        lines = "<br><br>".join(text(number))
        cell = f"<b>{headline(number)}</b><br>Ngày đăng: 0{number + 1}/03/2021<br><br>{lines}<br><br>{file}"
        return page(number, f"<table><tr><td>{cell}<hr><b>Tin khác</b><br>{news}</td></tr></table>", headline(number))

    found = read(design, learned=learned)
    assert found.text.split("\n\n") == [*text(ASKED), f"Biểu mẫu {ASKED}"]
    assert [file.url.rsplit("/", 1)[1] for file in found.attachments] == [f"{ASKED}.doc"]


@both
def test_a_table_of_nothing_but_links_is_none_of_the_text(learned: bool) -> None:
    def design(number: int) -> Capture:
        news = f"<a href='/tin/1{number}'>Xã {PLACES[number]} ra mắt mô hình thu gom rác tại nguồn</a>"
        box = f"<table><tr><td>{news}<br><a href='/tin/2'>Chợ đêm mở lại ở xã {PLACES[-number]}</a></td></tr></table>"
        lines = text(number)
        body = f"<div>{paragraphs(lines[:2])}{box}{paragraphs(lines[2:])}</div>"
        return page(number, f"<div><h1>{headline(number)}</h1>{body}</div>", headline(number))

    assert read(design, learned=learned).text.split("\n\n") == text(ASKED)


@both
def test_the_contents_of_an_article_are_none_of_its_text(learned: bool) -> None:
    def design(number: int) -> Capture:
        contents = (
            "<div id='ez-toc-container'><p>Nội dung bài viết</p><ul><li><a href='#1'>1. Mở đầu</a></li></ul></div>"
        )
        body = f"<h1>{headline(number)}</h1><div>{contents}{paragraphs(text(number))}</div>"
        return page(number, f"<div>{body}</div>", headline(number))

    assert read(design, learned=learned).text.split("\n\n") == text(ASKED)


@both
def test_the_time_of_an_event_is_a_line_of_the_text(learned: bool) -> None:
    def lines(number: int) -> list[str]:
        return [
            f"Ủy ban nhân dân xã {PLACES[number]} trân trọng kính mời quý vị đại biểu tới dự lễ khánh thành.",
            f"Thời gian: 7 giờ 30, ngày 1{number} tháng 4 năm 2021",
            f"Địa điểm: Sân nhà văn hóa thôn {PLACES[-number]}",
            "Rất hân hạnh được đón tiếp!",
        ]

    def design(number: int) -> Capture:
        stamp = f"<div class='date'>09/03/2021 07:4{number}</div>"
        body = paragraphs(lines(number) if number == ASKED else text(number))
        return page(
            number,
            f"<div class='ct'><h1>{headline(number)}</h1>{stamp}<div>{body}</div></div>",
            headline(number),
        )

    found = read(design, learned=learned)
    assert found.text.split("\n\n") == lines(ASKED)
    assert found.published_at == f"2021-03-09T07:4{ASKED}:00+07:00"


@both
def test_a_labelled_date_behind_the_text_is_none_of_it(learned: bool) -> None:
    found = read(dated("", behind="<p>Lần cập nhật cuối ( Thứ ba, 09 Tháng 3 2021 07:4 )</p>"), learned=learned)
    assert found.text.split("\n\n") == text(ASKED)


@both
def test_the_dates_of_other_documents_are_not_those_of_this_one(learned: bool) -> None:
    rows = "".join(
        f"<tr><td>{n}/QĐ-SCT</td><td><a href='/vb/{n}'>Quyết định số {n} về cấp phép cho hộ kinh doanh</a></td>"
        f"<td>0{n}/02/2020</td></tr>"
        for n in range(1, 6)
    )
    assert read(dated("", behind=f"<table>{rows}</table>"), learned=learned).published_at is None


# ----------------------------------------------------------------------------- in the midst of the text and behind it

LINKS = "".join(f"<p>&gt;&gt; <a href='/tin/{n}'>Tuần lễ hàng Việt đợt {n} mở tại chợ huyện</a></p>" for n in range(2))
NAMES = ("Lê Minh Hạnh", "Ái Loan", "Hoàng Thị Yến", "Trần Bảo")
PAPERS = ("Báo Quảng Trị", "TTXVN", "Báo Công Thương", "Báo Nhân Dân")
NAMED_LINKS = LINKS.replace("&gt;&gt; ", "")


@both
@pytest.mark.parametrize("links", [LINKS, f"<p><b>Xem thêm:</b></p>{NAMED_LINKS}"], ids=["marks", "heading"])
@pytest.mark.parametrize(
    ("end", "author", "source"),
    [
        ("<div align='right'><b>Trần Bảo</b></div>", "Trần Bảo", None),
        (
            "<p>Hình thành vùng chuyên canh</p><p>Tin, ảnh: Trần Bảo</p><p>Theo Báo Nhân Dân</p>",
            "Tin, ảnh: Trần Bảo",
            "Báo Nhân Dân",
        ),
        ("<p><b>Trần Bảo</b></p><p>Nguồn: Báo Nhân Dân</p>", "Trần Bảo", "Báo Nhân Dân"),
    ],
    ids=["name", "label and credit", "name and credit"],
)
def test_links_to_other_news_part_no_text_from_its_end(
    links: str, end: str, author: str | None, source: str | None, learned: bool
) -> None:
    def design(number: int) -> Capture:
        lines = text(number)
        shown = end.replace("Trần Bảo", NAMES[number % 4]).replace("Báo Nhân Dân", PAPERS[number % 4])
        body = paragraphs(lines[:2]) + links.replace("huyện", PLACES[number]) + paragraphs(lines[2:]) + shown
        body += f"<p>Tải file: <a href='/f/{number}.doc'>Biểu mẫu {number}</a></p>"
        return page(
            number, f"<div class='ct'><h1>{headline(number)}</h1><div class='nd'>{body}</div></div>", headline(number)
        )

    found = read(design, learned=learned)
    assert "Tuần lễ hàng Việt" not in found.text
    assert found.text.count("Cây cầu") == 4
    assert (found.author, found.source) == (author, source)
    assert "Trần Bảo" in found.text


def test_a_caption_signs_nothing() -> None:
    caption = "<p>Ảnh: Lãnh đạo xã trao quà cho các hộ có nhà bị ngập</p>"
    assert read(dated("", behind=caption), learned=False).author is None


# --------------------------------------------------------------------------------------------------------- headlines


@both
@pytest.mark.parametrize(
    "head",
    [
        "<span class='tieude'>{}</span><br><span>{}</span>",
        "<p><span class='d1'>{}</span> <i>({})</i></p>",
    ],
)
def test_a_headline_has_an_element_of_its_own_inside_its_block(head: str, learned: bool) -> None:
    def design(number: int) -> Capture:
        line = head.format(headline(number), f"0{number}/03/2021")
        return page(number, f"<div class='ct'>{line}<div class='nd'>{paragraphs(text(number))}</div></div>")

    found = read(design, learned=learned)
    assert (found.title, found.published_at) == (headline(ASKED), "2021-03-03")
    assert found.text.split("\n\n") == text(ASKED)


# ---------------------------------------------------------------------------------------------------------- pictures


@both
def test_a_notice_that_was_scanned_is_its_headline_its_date_and_its_pictures(learned: bool) -> None:
    def design(number: int) -> Capture:
        body = f"<p><img src='/s/{number}.jpg'></p>" if number == ASKED else paragraphs(text(number))
        main = f"<div><div class='t'>{headline(number)}</div><div>09/03/2021 07:4{number}</div><div>{body}</div></div>"
        links = "".join(f"<p><a href='/tin/{other}.html'>{headline(other)}</a></p>" for other in range(PAGES))
        return page(number, f"{main}<div><p>Các tin khác</p>{links}</div>")

    found = read(design, learned=learned)
    assert (found.title, found.published_at) == (headline(ASKED), "2021-03-09T07:43:00+07:00")
    assert ([image.url.rsplit("/", 1)[1] for image in found.images], found.text) == ([f"{ASKED}.jpg"], "")


@both
def test_the_caption_that_ends_a_text_is_kept(learned: bool) -> None:
    def design(number: int) -> Capture:
        links = "".join(f"<li><a href='/tin/{other}.html'>{headline(other)}</a></li>" for other in range(PAGES))
        shown = "".join(f"<p><img src='/h/{n}.jpg'></p><p><em>Bà con thôn {n} qua cầu mới</em></p>" for n in range(4))
        shown += (
            f"<figure><img src='/h/9.jpg'><figcaption>Học sinh xã {PLACES[number]} đi trên cầu</figcaption></figure>"
        )
        cells = f"<td class='t'>{headline(number)}</td></tr><tr><td>09/03/2021 07:4{number}</td>"
        body = f"<tr><td><p>{sentence(number, 1)}</p>{shown}</td></tr>"
        return page(number, f"<table><tr>{cells}</tr>{body}</table><h3>Tin mới</h3><ul>{links}</ul>")

    assert read(design, learned=learned).images[-1].caption == f"Học sinh xã {PLACES[ASKED]} đi trên cầu"


@both
def test_a_caption_in_a_table_with_its_picture_is_kept(learned: bool) -> None:
    def design(number: int) -> Capture:
        frame = (
            f"<table width=500><tr><td><img src='/h/{number}.jpg'></td></tr><tr><td align=center><i>Cầu {PLACES[number]}</i>"
            "</td></tr></table>"
        )
        lines = text(number)
        body = paragraphs(lines[:2]) + frame + paragraphs(lines[2:])
        main = f"<table><tr><td><b>{headline(number)}</b></td></tr><tr><td>09/03/2021 07:4{number}</td></tr><tr><td>{body}</td></tr>"
        return page(number, f"<form>{main}</table></form>")

    assert f"Cầu {PLACES[ASKED]}\n" in read(design, learned=learned).text


@both
@pytest.mark.parametrize("sentences", [1, 3])
def test_a_text_in_rows_keeps_its_tables_and_its_signature(sentences: int, learned: bool) -> None:
    def design(number: int) -> Capture:
        figures = "".join(f"<tr><td>{n}</td><td>Nhịp {n}</td><td>{number + 7 * n} m</td></tr>" for n in range(1, 6))
        rows = [
            f"<b>{headline(number)}</b>",
            f"Ngày {number + 10} tháng 3 năm 2021",
            f"Số lần đọc: {number + 31}",
            *text(number, sentences),
            f"<table border=1><tr><td>TT</td><td>Hạng mục</td><td>Chiều dài</td></tr>{figures}</table>"
            if number == ASKED
            else sentence(number, 4),
            f"Tin, ảnh: Hồ {PLACES[number]}",
        ]
        main = "".join(f"<tr><td class='tin'>{row}</td></tr>" for row in rows)
        links = "".join(f"<tr><td><a href='/tin/{n}.html'>{headline(n)}</a></td></tr>" for n in range(PAGES))
        return page(number, f"<table>{main}</table><table><tr><td>Tin mới hơn:</td></tr>{links}</table>")

    found = read(design, learned=learned)
    assert (found.title, found.published_at) == (headline(ASKED), "2021-03-13")
    assert found.author == f"Tin, ảnh: Hồ {PLACES[ASKED]}"
    lines = found.text.split("\n")
    assert [line for line in lines if line][:sentences] == text(ASKED, sentences)
    assert "Nhịp 5" in found.text
    assert "Số lần đọc" not in found.text
    assert "tháng 3 năm 2021" not in found.text


@both
def test_a_table_alone_is_an_article_whose_headline_a_date_without_time_follows(learned: bool) -> None:
    def design(number: int) -> Capture:
        rows = [("Thời gian", "Nội dung"), *((f"Thứ {n}", f"Tiếp công dân tại xã {PLACES[n]}") for n in range(2, 7))]
        table = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
        body = f"<table>{table}</table>" if number == ASKED else paragraphs(text(number))
        main = f"<div><div>{headline(number)}</div><div>1{number}/03/2021</div><div>Số lần đọc: 7</div>{body}</div>"
        links = "".join(f"<p><a href='/tin/{other}.html'>{headline(other)}</a></p>" for other in range(PAGES))
        name = "Sở Công Thương tỉnh Quảng Hà"
        return page(number, f"{main}<div><p>Các tin khác</p>{links}</div><p>{name} giữ bản quyền</p>", name)

    found = read(design, learned=learned)
    assert (found.title, found.published_at) == (headline(ASKED), "2021-03-13")
    assert "Thời gian" in found.text
    assert f"Tiếp công dân tại xã {PLACES[6]}" in found.text
    assert "Số lần đọc" not in found.text


# ------------------------------------------------------------------------------------------------ who has written it


@both
@pytest.mark.parametrize("name", [f"Hồ Thị {PLACES[ASKED].split()[0]}", "Thanh Mai"])
def test_a_name_to_the_right_below_the_element_of_the_text_signs_it(name: str, learned: bool) -> None:
    def design(number: int) -> Capture:
        written = name if number % 3 == ASKED % 3 else f"Hồ Thị {PLACES[number].split()[0]}"
        signed = f"<p style='text-align:right'>{written}</p>"
        tools = "<a href='/in'>In trang này</a>"
        return page(number, f"<h1>{headline(number)}</h1><div>{paragraphs(text(number))}</div>{signed}{tools}")

    found = read(design, learned=learned)
    assert found.author == name
    assert found.text.split("\n\n") == [*text(ASKED), name]


@both
def test_fields_behind_the_text_tell_author_and_source_and_are_no_text(learned: bool) -> None:
    def design(number: int) -> Capture:
        fields = f"<p>Tác giả: Hồ Thị {PLACES[number].split()[0]}</p><p>Nguồn tin: Báo {PLACES[number]}</p>"
        return page(number, f"<h1>{headline(number)}</h1><div>{paragraphs(text(number))}</div><div>{fields}</div>")

    found = read(design, learned=learned)
    assert (found.author, found.source) == (f"Hồ Thị {PLACES[ASKED].split()[0]}", f"Báo {PLACES[ASKED]}")


# ------------------------------------------------------------------------------------- texts beside the article's own

OTHERS = [number for number in range(PAGES) if number != ASKED]


def teasers(number: int) -> str:
    return "".join(
        f"<div class='m'><h3><a href='/tin/{other}.html'>{headline(other)}</a></h3><p>{sentence(other, number)}</p></div>"
        for other in OTHERS[:4]
    )


def comments(number: int) -> str:
    return "".join(
        f"<li><div>Lê Văn {PLACES[n].split()[0]}</div><div>1{n}/03/2025 lúc 10:2{number}</div><div>{sentence(n, number)}</div></li>"
        for n in range(4)
    )


@both
@pytest.mark.parametrize("beside", [teasers, comments])
@pytest.mark.parametrize("of", ["line", "table"])
def test_texts_that_each_have_a_head_of_their_own_are_not_the_article(
    of: str, beside: Callable[[int], str], learned: bool
) -> None:
    cells = "".join(f"<tr><td>Thôn {n}</td><td>{n * 17} hộ</td></tr>" for n in range(1, 6))
    short = {"line": "<p>Mời bà con đến dự.</p>", "table": f"<table>{cells}</table>"}[of]

    def design(number: int) -> Capture:
        body = short if number == ASKED else paragraphs(text(number))
        main = f"<div><h2>{headline(number)}</h2><div>09/03/2021 07:4{number}</div><div>{body}</div></div>"
        return page(number, f"{main}<div><h2>Tin khác</h2>{beside(number)}</div>", headline(number))

    found = read(design, learned=learned)
    assert (found.title, found.published_at) == (headline(ASKED), "2021-03-09T07:43:00+07:00")
    assert "Cây cầu" not in found.text
    assert "Mời bà con đến dự." in found.text or "Thôn 5 | 85 hộ" in found.text


@both
def test_the_items_of_a_press_review_are_its_text(learned: bool) -> None:
    def design(number: int) -> Capture:
        items = "".join(
            f"<p><a href='http://bao.example/{n}'>Báo {PLACES[n]}: cầu mới ở {PLACES[n]}</a></p><p>{sentence(n, number)}</p>"
            for n in range(5)
        )
        return page(number, f"<div><h1>{headline(number)}</h1><div class='nd'>{items}</div></div>", headline(number))

    assert read(design, learned=learned).text.count("Cây cầu") == 5


# ------------------------------------------------------------------------------------ notices and documents as texts


@both
def test_a_labelled_date_of_something_else_is_a_line_of_the_text(learned: bool) -> None:
    def design(number: int) -> Capture:
        lines = text(number)
        if number % 2:  # other notices of the site have such lines as well
            lines[1:1] = ["Ngày ban hành: 02/03/2021", "Hạn nộp hồ sơ: 17 giờ 00 ngày 12/03/2021"]
        main = f"<h1>{headline(number)}</h1><div>09/03/2021 07:4{number}</div><div>{paragraphs(lines)}</div>"
        return page(number, f"<div class='ct'>{main}</div>", headline(number))

    found = read(design, learned=learned)
    assert found.published_at == "2021-03-09T07:43:00+07:00"
    assert found.text.split("\n\n")[1:3] == ["Ngày ban hành: 02/03/2021", "Hạn nộp hồ sơ: 17 giờ 00 ngày 12/03/2021"]


@both
def test_head_and_foot_of_a_document_are_its_text_and_its_signer_is_no_author(learned: bool) -> None:
    foot = [
        "Nơi nhận:",
        "- Như Điều 3;",
        "- Lưu: VT.",
        "TM. ỦY BAN NHÂN DÂN",
        "KT. CHỦ TỊCH",
        "PHÓ CHỦ TỊCH",
        "Lê Văn Nam",
    ]
    head = ["ỦY BAN NHÂN DÂN TỈNH", "Số: 264/QĐ-UBND", "Đông Hà, ngày 12 tháng 5 năm 2021"]

    def design(number: int) -> Capture:
        body = paragraphs(text(number))
        if number == ASKED:
            cells = f"<td>{'<br>'.join(foot[:3])}</td><td>{'<br>'.join(foot[3:])}</td>"
            body = f"{paragraphs(head)}{body}<table width='100%'><tr>{cells}</tr></table>"
        main = f"<h1>{headline(number)}</h1><div>1{number}/05/2021</div><div class='nd'>{body}</div>"
        links = "".join(f"<p><a href='/tin/{other}.html'>{headline(other)}</a></p>" for other in OTHERS)
        return page(number, f"<div class='ct'>{main}</div><h4>Có thể bạn quan tâm</h4>{links}", headline(number))

    found = read(design, learned=learned)
    assert (found.title, found.published_at, found.author) == (headline(ASKED), "2021-05-13", None)
    lines = [line for line in found.text.replace(" | ", "\n").split("\n") if line]
    assert lines == [*head, *text(ASKED), *foot]


@both
def test_an_opening_that_is_set_as_a_heading_is_text(learned: bool) -> None:
    def design(number: int) -> Capture:
        lines = text(number)
        main = f"<h1>{headline(number)}</h1><h2>{lines[0]}</h2><div>{paragraphs(lines[1:])}</div>"
        return page(number, f"<div><div class='ngay'>09/03/2021 07:4{number}</div>{main}</div>")

    assert read(design, learned=learned).text.split("\n\n") == text(ASKED)


@pytest.mark.parametrize("of", ["line", "table"])
def test_the_imprint_of_a_page_is_no_text_whatever_its_elements_are_called(of: str) -> None:
    cells = "".join(f"<tr><td>Thôn {n}</td><td>{n * 17} hộ</td></tr>" for n in range(1, 6))
    short = {"line": "<p>Mời bà con đến dự.</p>", "table": f"<table>{cells}</table>"}[of]
    foot = (
        "Sở Công Thương tỉnh Quảng Hà<br>Địa chỉ: Số 12 đường Hùng Vương - Điện thoại: 0233.385.2000 - Email: sct@example.vn<br>"
        "Chịu trách nhiệm chính: Ông Lê Văn A - Giám đốc. Ghi rõ nguồn khi phát hành lại thông tin từ trang này."
    )
    main = f"<table><tr><td>{headline(ASKED)}</td></tr><tr><td>Ngày đăng: 09/03/2021</td></tr><tr><td>{short}</td></tr></table>"
    shown = page(ASKED, main, "Sở Công Thương tỉnh Quảng Hà")
    shown.body = shown.body.replace(FOOT.encode(), f"<div>{foot}</div>".encode())
    found = read(lambda _: shown, learned=False)
    assert (found.title, found.published_at) == (headline(ASKED), "2021-03-09")
    assert "Hùng Vương" not in found.text
    assert "Ghi rõ nguồn" not in found.text
    assert "Mời bà con đến dự." in found.text or "Thôn 5 | 85 hộ" in found.text


def test_where_to_ask_is_the_last_line_of_a_notice() -> None:
    contact = "Địa chỉ: Số 12 đường Hùng Vương. Điện thoại: 0233.385.2000."
    shown = page(ASKED, f"<h1>{headline(ASKED)}</h1><div>{paragraphs([*text(ASKED), contact])}</div>")
    shown.body = shown.body.replace(FOOT.encode(), "<p>© Sở Công Thương</p>".encode())
    assert read(lambda _: shown, learned=False).text.split("\n\n") == [*text(ASKED), contact]


# ------------------------------------------------------------------------------------------- fields by their elements


@both
@pytest.mark.parametrize(
    "line",
    [
        "<div>09/03/2021 07:4 <span class='author'>Lê Minh Hạnh</span></div>",
        "<ul><li>09 Tháng 3, 2021 07:4</li><li class='author'>Lê Minh Hạnh</li></ul>",
    ],
    ids=["in the line", "in a list"],
)
def test_the_writer_is_named_beside_the_date_and_comments_have_dates_of_their_own(line: str, learned: bool) -> None:
    def design(number: int) -> Capture:
        shown = dated(line.replace("Minh Hạnh", f"Minh {PLACES[number].split()[0]}"))(number)
        shown.body = shown.body.replace(FOOT.encode(), f"<h4>Phản hồi</h4><ul>{comments(number)}</ul>".encode())
        return shown

    found = read(design, learned=learned)
    assert (found.published_at, found.author) == ("2021-03-09T07:43:00+07:00", f"Lê Minh {PLACES[ASKED].split()[0]}")
    assert found.text.split("\n\n") == text(ASKED)


def test_the_last_line_in_an_element_for_the_author_signs_unless_it_is_an_account() -> None:
    signed = dated("", behind="<p class='author'>Lê Minh Hạnh</p>")
    assert read(signed, learned=False).author == "Lê Minh Hạnh"
    assert read(dated("", behind="<p class='author'>admin admin</p>"), learned=False).author is None
    assert read(dated("", behind="<p class='posted-by'>Lê Minh Hạnh</p>"), learned=False).author is None


def test_a_page_in_decomposed_unicode_is_read_as_the_same_page_in_composed() -> None:
    shown = dated("<div>09/03/2021 07:4</div>", behind=f"<p>Theo <a href='/b'>Báo {headline(2)}</a> số ra hôm qua</p>")(
        ASKED
    )
    other = dated("")(ASKED)
    other.body = normalize("NFD", shown.body.decode()).encode()
    told = [
        [(block.text, block.words, block.linked, block.key) for block in blocks(parse_page(one))]
        for one in (shown, other)
    ]
    assert told[0] == told[1]
    one, two = (read(lambda _, each=each: each, learned=False) for each in (shown, other))
    assert (one.title, one.text, one.published_at) == (two.title, two.text, two.published_at)


@pytest.mark.parametrize("line", ["", "<p>Ngày đăng: 09/03/2021</p>"])
@pytest.mark.parametrize("title", ["Sở Công Thương tỉnh Quảng Hà", "Trang chủ"])
def test_the_heading_above_the_text_is_the_headline_where_a_menu_parts_it_from_the_name_of_the_site(
    line: str, title: str
) -> None:
    links = "".join(f"<li><a href='/m/{n}'>Mục {n} của trình đơn</a></li>" for n in range(6))
    top = f"<html><head><title>{title}</title></head><body><h1>Sở Công Thương tỉnh Quảng Hà</h1><ul>{links}</ul>"
    shown = page(ASKED, "")
    shown.body = f"{top}<div><h3>{headline(ASKED)}</h3>{line}{paragraphs(text(ASKED))}</div></body></html>".encode()
    found = read(lambda _: shown, learned=False)
    assert (found.title, found.text.split("\n\n")) == (headline(ASKED), text(ASKED))


def test_a_motto_or_a_question_beside_a_list_is_no_article() -> None:
    links = "".join(
        f"<p><a href='/tin/{n}'>Xã {name} ra mắt mô hình thu gom rác tại nguồn</a></p>" for n, name in enumerate(PLACES)
    )
    for box in (
        "<div>Chủ nhật</div><p>“Không có việc gì khó, chỉ sợ lòng không bền”</p>",
        "<div class='poll'><p>Theo bạn, tốc độ giải quyết thủ tục hành chính của xã hiện nay ra sao?</p></div>",
    ):
        portal = SimpleNamespace(name="sct", province=None, department=None, wrappers=(), template=None)
        assert isinstance(extract(page(1, f"<div>{links}</div><div>{box}</div>", "Sở Công Thương"), portal), Rejected)


def test_a_sentence_beside_one_of_the_text_is_kept_with_it() -> None:
    shown = parse_page(page(1, f"<div>{paragraphs(text(1, 3))}<p><a href='/tin/2'>{sentence(2, 4)}</a></p></div>"))
    work = Verdicts(shown, blocks(shown), None)
    first = next(place for place, block in enumerate(work.blocks) if block.text == sentence(1, 1))
    work.odds = [0.0] * len(work.blocks)
    work.out[first] = None
    keep_between(work)
    assert [block.text for block, why in zip(work.blocks, work.out, strict=True) if why is None] == text(1, 3)


def test_the_teaser_of_a_home_page_is_no_article_but_a_page_of_one_line_is() -> None:
    portal = SimpleNamespace(name="sct", province=None, department=None, wrappers=(), template=None)
    links = "".join(f"<li><a href='/tin/{n}'>{headline(n)}</a></li>" for n in range(len(PLACES)))
    teaser = f"<div><a href='/tin/{ASKED}'><h2>{headline(ASKED)}</h2></a><p>{sentence(ASKED, 1)}</p></div>"
    assert isinstance(extract(page(1, f"{teaser}<ul>{links}</ul>", "Sở Công Thương"), portal), Rejected)
    alone = page(1, "")
    alone.body = "<html><body><ol><li><p>Nước sông đang lên, bà con hai thôn chưa qua cầu treo để ra chợ xã được.</p></li></ol></body></html>".encode()
    assert isinstance(extract(alone, portal), Article)


@both
def test_remarks_under_a_line_of_name_and_date_are_no_text_however_long(learned: bool) -> None:
    people = ("Trần Thị Oanh", "Lê Quốc Tuấn", "Y Blốk Niê", "Hồ Văn Sơn")

    def design(number: int) -> Capture:
        remarks = "".join(
            f"<div class='qa'><p><b>{who}</b> (0{n + 1}/12/2023)</p><p>Tôi ở xã {PLACES[number]}, đoạn đường {n + number} "
            "km này mùa mưa lầy lội không đi nổi, học sinh phải nghỉ học cả tuần, đề nghị làm sớm.</p></div>"
            for n, who in enumerate(people)
        )
        line = "<div class='ngay'>05/03/2024 08:15</div>"
        return page(number, f"<h1>{headline(number)}</h1>{line}<div>{paragraphs(text(number, 2))}</div>{remarks}")

    assert read(design, learned=learned).text.split("\n\n") == text(ASKED, 2)


@both
@pytest.mark.parametrize("record_first", [True, False])
def test_the_wording_of_a_document_stays_beside_its_record(learned: bool, record_first: bool) -> None:
    def wording(number: int) -> list[str]:
        laws = ["Căn cứ Luật Tổ chức chính quyền địa phương ngày 19 tháng 6 năm 2015;", "QUYẾT ĐỊNH:"]
        duties = [f"Điều {n}. {line}" for n, line in enumerate(text(number, 3), 1)]
        return ["ỦY BAN NHÂN DÂN TỈNH", *laws, *duties, "a) Chủ trì tổng hợp;", "Nơi nhận:", "CHỦ TỊCH", "Lê Văn Sơn"]

    def design(number: int) -> Capture:
        fields = {
            "Số ký hiệu": f"{number + 3}/QĐ-UBND",
            "Ngày ban hành": f"0{number + 1}/03/2024",
            "Người ký": "Lê Văn Sơn",
        }
        rows = "".join(f"<tr><th>{label}</th><td>{value}</td></tr>" for label, value in fields.items())
        parts = [f"<div id='tt'><table>{rows}</table></div>", f"<div id='nd'>{paragraphs(wording(number))}</div>"]
        others = "".join(f"<li><a href='/vb/{n}'>{n}/QĐ-UBND</a> {headline(n)}</li>" for n in range(number, 8))
        main = f"<h2>{headline(number)}</h2>{''.join(parts if record_first else parts[::-1])}"
        return page(number, f"<div class='trai'>{main}</div><div><h3>Văn bản liên quan</h3><ul>{others}</ul></div>")

    found = read(design, learned=learned)
    record = f"Số ký hiệu | {ASKED + 3}/QĐ-UBND\nNgày ban hành | 0{ASKED + 1}/03/2024\nNgười ký | Lê Văn Sơn"
    both_parts = [[record], wording(ASKED)] if record_first else [wording(ASKED), [record]]
    assert found.text.split("\n\n") == both_parts[0] + both_parts[1]
    assert found.document is not None and found.document.number == f"{ASKED + 3}/QĐ-UBND"


def test_headings_and_phrases_that_texts_have_in_common_stay_in_the_midst_of_one() -> None:
    heads, phrase = ("Hiện trạng", "Đối với các hộ gia đình"), "Đề nghị bà con lưu ý các việc sau"

    def design(number: int) -> Capture:
        opening, *items = text(number, 5)
        rows = "".join(f"<li>{line}</li>" for line in items[2:])
        toc = f"<div id='toc'><p>Mục lục</p><ul><li><a href='#1'>{heads[0]}</a></li></ul></div>"
        advice = f"<h2>{heads[0]}</h2>{paragraphs([items[0], phrase, items[1]])}<h3>{heads[1]}</h3><ul>{rows}</ul>"
        letter = "<div class='thu'><h4>Đăng ký nhận bản tin</h4><p>Mời bạn để lại địa chỉ thư điện tử ở đây.</p></div>"
        line = f"<h1>{headline(number)}</h1><div class='ngay'>Ngày đăng: 0{number + 1}/03/2024</div>"
        return page(number, f"{line}<div class='bai'><p>{opening}</p>{toc}{advice}</div>{letter}")

    opening, *items = text(ASKED, 5)
    wanted = [opening, heads[0], items[0], phrase, items[1], heads[1], *items[2:]]
    assert read(design, learned=True).text.replace("\n\n", "\n").split("\n") == wanted


@both
def test_fields_between_headline_and_text_are_read_and_are_no_text(learned: bool) -> None:
    """The class that names the writer has a prefix; icons are words of a font; a figure counts the readers."""

    def design(number: int) -> Capture:
        icons = "<mat-icon>schedule</mat-icon>", "<i class='material-icons'>visibility</i>"
        when = f"<span class='tg'>Thứ ba, 0{number + 1}/10/2024 16:4{number}</span>"
        who = "<span class='d-author'>Võ Thị Ánh Tuyết</span>"
        head = f"<span class='chip'>An sinh {PLACES[number]}</span><h1>{headline(number)}</h1>"
        line = f"<div class='dong'>{who}{icons[0]}{when}</div><div>{icons[1]}{number + 1081}</div>"
        advert = "<div class='qc'>- Quảng cáo -</div>"
        lines = text(number)
        return page(number, f"<div class='o'>{head}</div>{line}<p>{lines[0]}</p>{advert}{paragraphs(lines[1:])}")

    found = read(design, learned=learned)
    assert (found.title, found.text.split("\n\n")) == (headline(ASKED), text(ASKED))
    assert (found.author, found.published_at) == ("Võ Thị Ánh Tuyết", "2024-10-04T16:43:00+07:00")


@both
def test_the_time_at_which_an_account_has_sent_a_text_is_that_of_publication(learned: bool) -> None:
    def design(number: int) -> Capture:
        line = f"<div class='submitted'>Được gửi bởi Trần Minh vào Thứ ba, 0{number + 1}/10/2024 - 16:42</div>"
        return page(number, f"<h1>{headline(number)}</h1>{line}<div>{paragraphs(text(number))}</div>")

    found = read(design, learned=learned)
    assert found.text.split("\n\n") == text(ASKED)
    assert (found.author, found.published_at) == (None, "2024-10-04T16:42:00+07:00")


@both
def test_one_sentence_below_a_video_is_read_without_time_and_counter(learned: bool) -> None:
    def design(number: int) -> Capture:
        line = f"<div class='m'><span>16:4{number} 0{number + 1}/10/2024</span><span>{number + 3}.750 lượt xem</span></div>"
        clips = "".join(
            f"<li><a href='/v/{n}'>{headline(n)} (phần {number})</a><span>0{n + 1}/09/2024</span></li>"
            for n in range(8)
        )
        main = f"<h1>{headline(number)}</h1>{line}<div class='d'>{paragraphs(text(number, 1))}</div>"
        shown = page(number, "", headline(number) + " | Truyền hình")
        shown.body = shown.body.replace(b"<div class='giua'></div>", f"<div>{main}</div><ul>{clips}</ul>".encode())
        return shown

    found = read(design, learned=learned)
    assert (found.text, found.published_at) == (text(ASKED, 1)[0], "2024-10-04T16:43:00+07:00")


def test_lines_of_the_columns_beside_the_text_are_left_out_though_no_link_tells() -> None:
    def design(number: int) -> Capture:
        left = "".join(f"<tr><td><font size='2'>» {headline(n)}</font></td></tr>" for n in range(5))
        line = f"<font size='4'><b>{headline(number)}</b></font><br><font size='1'>(Ngày đăng: 18/12/2019)</font>"
        middle = f"<tr><td>{line}</td></tr><tr><td><div>{paragraphs(text(number))}</div></td></tr>"
        columns = f"<td><table>{left}</table></td><td><table>{middle}</table></td><td><p>Gương điển hình</p></td>"
        return page(number, f"<table width='980'><tr>{columns}</tr></table>", "Hội Cựu chiến binh")

    found = read(design, learned=False)
    assert (found.title, found.text.split("\n\n")) == (headline(ASKED), text(ASKED))
    assert found.published_at == "2019-12-18"


@both
@pytest.mark.parametrize(
    ("tail", "day"),
    [("<small>16/03/2024</small>", "2024-03-16"), ("<i>(Ngày đăng: 16/03/2024)</i>", "2024-03-16"), ("", None)],
)
def test_a_date_apart_at_the_end_of_a_headline_is_that_of_publication(
    learned: bool, tail: str, day: str | None
) -> None:
    """One that the headline speaks of is not, be it bold."""

    def design(number: int) -> Capture:
        head = f"<h1>{headline(number)} theo Nghị quyết ngày <b>{number + 1}/3/2024</b> {tail}</h1>"
        return page(number, f"{head}<div>{paragraphs(text(number))}</div>")

    found = read(design, learned=learned)
    assert (found.published_at, found.text.split("\n\n")) == (day, text(ASKED))
