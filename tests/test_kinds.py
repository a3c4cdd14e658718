"""What portals publish besides news: photo essays, procedures, bulletins, decisions, schedules, poems, notices.

Most pages of such a section have lines in common, few of their lines look like text, and much of it stands in frames.
"""

from __future__ import annotations

import pytest
from designed import ASKED, PAGES, captured, read
from test_designs import MENU, PLACES, both, headline, page, paragraphs, sentence, text

from portal_crawler.extraction.byline import person
from portal_crawler.items import Capture


def lines_of(found: str) -> list[str]:
    return [line for line in found.split("\n") if line]


# -------------------------------------------------------------------------------------------------------- in frames


def album(number: int) -> Capture:
    shown = "".join(
        f"<div class='item'><div class='pic'><img src='/anh/{number}-{part}.jpg'></div>"
        f"<div class='txt'>Bà con {PLACES[number]} và {PLACES[-part]} dựng cầu</div></div>"
        for part in range(1, 6)
    )
    head = f"<h1>{headline(number)}</h1><p>17:2{number} | 0{number + 1}/03/2021</p><h2>{sentence(number, 1)}</h2>"
    links = "".join(f"<div><a href='/anh/{other}'>{headline(other)}</a></div>" for other in range(PAGES))
    return page(number, f"<div class='tin'>{head}<div>{shown}</div></div><div><b>Album khác</b>{links}</div>")


@both
def test_what_stands_alone_with_a_picture_is_its_caption(learned: bool) -> None:
    found = read(album, learned=learned)
    said = [f"Bà con {PLACES[ASKED]} và {PLACES[-part]} dựng cầu" for part in range(1, 6)]
    assert lines_of(found.text) == [sentence(ASKED, 1), *said]
    assert [image.caption for image in found.images] == said


@both
def test_the_opening_and_the_last_of_the_rows_that_a_text_is_set_in_are_kept(learned: bool) -> None:
    def design(number: int) -> Capture:
        rows = "".join(f"<tr><td style='padding:5px'>{line}</td></tr>" for line in text(number)[1:])
        links = "".join(
            f"<tr><td>• <a href='/t/{one}'>{headline(one)}</a> 0{one + 1}/02/2020</td></tr>" for one in range(6)
        )
        main = (
            f"<tr><td class='NewsTitle'><span id='c_lblTitle'>{headline(number)} trong ngày hội lớn của cả vùng</span></td></tr>"
            f"<tr><td><span id='c_lblDate'>1{number}/1/2024 4:28:00 CH</span></td></tr>"
            f"<tr><td><span id='c_lblDesc' style='font-weight:bold'>{sentence(number, 1)}</span></td></tr>"
            f"<tr><td><span><table><tbody>{rows}</tbody></table></span></td></tr>"
            f"<tr><td class='tool'><a href='javascript:history.back()'>Quay lại</a></td></tr>"
        )
        return page(number, f"<table>{main}</table><div><span>Các tin khác</span><table>{links}</table></div>")

    found = read(design, learned=learned)
    assert (found.lead, lines_of(found.text)) == (sentence(ASKED, 1), text(ASKED))


@both
def test_the_month_in_the_column_of_the_text_is_none_of_it(learned: bool) -> None:
    def design(number: int) -> Capture:
        days = "".join(
            "<tr>" + "".join(f"<td><a href='/lich/{day}'>{day}</a></td>" for day in range(week, week + 7)) + "</tr>"
            for week in (1, 8, 15, 22)
        )
        head = "".join(f"<th>{day}</th>" for day in ("T2", "T3", "T4", "T5", "T6", "T7", "CN"))
        rows = "".join(f"<tr><td>Thứ {n}</td><td>8h00: {sentence(number, n - 1)}</td></tr>" for n in range(2, 7))
        links = "".join(f"<li><a href='/lich/t{one}'>{headline(one)}</a></li>" for one in range(3))
        main = (
            f"<div><div>Lịch tháng 3/2021</div><table>{'<tr>' + head + '</tr>'}{days}</table></div>"
            f"<h2>Lịch công tác tuần của lãnh đạo xã {PLACES[number]}</h2><p>Cập nhật: 1{number}/03/2021</p>"
            f"<p>(Từ ngày 1{number}/03/2021 đến ngày 2{number}/3/2021)</p><table border=1><tr><th>Ngày</th><th>Việc</th></tr>"
            f"{rows}</table><h4>Những tuần trước</h4><ul>{links}</ul>"
        )
        return page(number, main if number == ASKED else f"<h2>{headline(number)}</h2>{paragraphs(text(number))}")

    found = read(design, learned=learned)
    assert found.title == f"Lịch công tác tuần của lãnh đạo xã {PLACES[ASKED]}"
    assert lines_of(found.text)[:2] == [f"(Từ ngày 1{ASKED}/03/2021 đến ngày 2{ASKED}/3/2021)", "Ngày | Việc"]
    assert lines_of(found.text)[-1].startswith("Thứ 6 | 8h00:")


def test_a_row_of_tools_is_none_of_the_text_though_no_space_parts_them() -> None:
    tools = "<div class='x'><span>Xem cỡ chữ</span><a href='#'>+</a><a href='#'>-</a><span>Đọc bài viết</span><a href='#'>In</a></div>"

    def design(number: int) -> Capture:
        return page(
            number, f"<div>{headline(number)}</div><div>1{number}/03/2021 08:00</div>{tools}{paragraphs(text(number))}"
        )

    assert lines_of(read(design, learned=False).text) == text(ASKED)


# --------------------------------------------------------------------------------- what pages of one kind have in common


@both
def test_the_labels_of_a_procedure_are_part_of_it(learned: bool) -> None:
    def design(number: int) -> Capture:
        fields = {
            "Trình tự": f"<p>{sentence(number, 1)}</p>",
            "Cách thức thực hiện": f"<p>{sentence(number, 3)}</p>",
            "Lệ phí": f"<p>{number + 2}00.000 đồng/hồ sơ.</p>",
            "Căn cứ": f"<p>{sentence(number, 4)}</p>",
        }
        rows = "".join(
            f"<div class='row-item'><div class='col-3'>{label}</div><div class='col-9'>{said}</div></div>"
            for label, said in fields.items()
        )
        head = f"<h4>Thủ tục cấp phép xây cầu ở xã {PLACES[number]}</h4><span>Mức độ 4</span>"
        main = f"<div class='card'><div>{head}</div><div><div>Ngày cập nhật: 1{number}/08/2024</div>{rows}</div></div>"
        return page(number, main, "Bộ thủ tục hành chính")

    found = read(design, learned=learned)
    assert found.title == f"Thủ tục cấp phép xây cầu ở xã {PLACES[ASKED]}"
    said = lines_of(found.text)
    assert said[-6:-4] == ["Cách thức thực hiện", sentence(ASKED, 3)]
    assert said[-4:] == ["Lệ phí", f"{ASKED + 2}00.000 đồng/hồ sơ.", "Căn cứ", sentence(ASKED, 4)]


def test_the_laws_that_a_decision_rests_on_are_its_text_though_others_rest_on_them() -> None:
    laws = "<p><em>Căn cứ Luật Tổ chức chính quyền địa phương ngày 19 tháng 6 năm 2015;</em></p>"

    def design(number: int) -> Capture:
        parts = "".join(f"<p>Điều {part}. {sentence(number, part)}</p>" for part in range(1, 5))
        head = f"<h1>{headline(number)}</h1><div class='ngay'>Ngày đăng: 1{number}/03/2021</div>"
        agency = "<p class='giua'><b>ỦY BAN NHÂN DÂN TỈNH</b></p>"
        main = f"{head}<div class='nd'>{agency}{laws}<p class='giua'><b>QUYẾT ĐỊNH:</b></p>{parts}</div>"
        return page(number, main)

    said = lines_of(read(design, learned=True).text)
    assert said[:3] == [
        "ỦY BAN NHÂN DÂN TỈNH",
        "Căn cứ Luật Tổ chức chính quyền địa phương ngày 19 tháng 6 năm 2015;",
        "QUYẾT ĐỊNH:",
    ]


def test_the_prices_of_a_bulletin_are_its_text_though_others_have_the_same_goods() -> None:
    def design(number: int) -> Capture:
        goods = ("Gạo tẻ thường", "Thịt lợn", "Cá thu", "Xi măng", "Hồ tiêu đen")
        rows = "".join(
            f"<tr><td>{name}</td><td>kg</td><td>{number + part}5.000</td></tr>" for part, name in enumerate(goods, 2)
        )
        table = f"<table border=1><tr><td>Mặt hàng</td><td>ĐVT</td><td>Giá</td></tr>{rows}</table>"
        main = f"<h1>{headline(number)}</h1><div class='nd'><p>{sentence(number, 1)}</p>{table}<p>{sentence(number, 2)}</p></div>"
        return page(number, main)

    said = lines_of(read(design, learned=True).text)
    assert said == [sentence(ASKED, 1), "Mặt hàng | ĐVT | Giá", *said[2:7], sentence(ASKED, 2)]
    assert said[6] == f"Hồ tiêu đen | kg | {ASKED + 6}5.000"


def test_the_lines_that_lead_to_a_list_are_its_text_though_other_lists_have_them() -> None:
    def design(number: int) -> Capture:
        rows = "".join(
            f"<tr><td>{row}</td><td>Hồ {PLACES[(number * row) % 8]} {PLACES[row - 1]} {number}</td><td>Nữ</td></tr>"
            for row in range(1, 9)
        )
        table = f"<table border=1><tr><td>TT</td><td>Họ và tên</td><td>Giới tính</td></tr>{rows}</table>"
        lead = f"<p>{sentence(number, 1)}</p><p>Danh sách gồm các thí sinh sau:</p><p><b>Phòng thi số 1</b></p>"
        return page(number, f"<h2>{headline(number)}</h2><div class='nd'>{lead}{table}</div>")

    said = lines_of(read(design, learned=True).text)
    assert said[:4] == [
        sentence(ASKED, 1),
        "Danh sách gồm các thí sinh sau:",
        "Phòng thi số 1",
        "TT | Họ và tên | Giới tính",
    ]


def test_headings_and_lines_that_texts_have_in_common_stay_where_line_breaks_part_them() -> None:
    def design(number: int) -> Capture:
        one, two, three, four = text(number)
        said = f"Thưa các đồng chí ở xã {PLACES[number]}!<br>{one}<br>Kính thưa hội nghị!<br>{two}"
        more = f"<h3>I. Kết quả đạt được</h3><div>{three}</div><div>{four}</div>"
        return page(number, f"<h1>{headline(number)}</h1><div class='nd'>{said}{more}</div>")

    said = lines_of(read(design, learned=True).text)
    assert said[1:] == [*said[1:2], "Kính thưa hội nghị!", sentence(ASKED, 2), "I. Kết quả đạt được", *text(ASKED)[2:]]


def test_notes_behind_the_text_are_kept() -> None:
    def notes(number: int) -> list[str]:
        return [f"Theo báo cáo của xã {PLACES[number]} và xã {PLACES[-part]} về cầu treo dân sinh." for part in (1, 2)]

    def design(number: int) -> Capture:
        entries = "".join(f"<li>{note} <a href='#n'>↩︎</a></li>" for note in notes(number))
        links = "".join(f"<li><a href='/t/{one}'>{headline(one)}</a></li>" for one in range(6))
        main = f"<h1>{headline(number)}</h1><div class='nd'>{paragraphs(text(number))}<hr><ol>{entries}</ol></div>"
        return page(number, f"{main}<div><h3>Bài khác</h3><ul>{links}</ul></div>")

    assert all(note in read(design, learned=True).text for note in notes(ASKED))


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


def test_the_heading_of_a_box_of_links_is_none_of_the_text() -> None:
    def design(number: int) -> Capture:
        links = "".join(f"<p><a href='/t/{one}'>{headline(one)}</a></p>" for one in range(4))
        return captured(
            "sct",
            number,
            f"<title>{headline(number)}</title><h1>{headline(number)}</h1><div>{paragraphs(text(number))}<h3>Chuyện ở xã</h3>{links}</div>",
        )

    assert lines_of(read(design, learned=False).text) == text(ASKED)
