"""Markup of themes and portal software in wide use: what its names and places say of a text, and what they do not."""

from __future__ import annotations

import pytest
from designed import ASKED, PAGES, captured, read

from portal_crawler.items import Capture

PLACES = ("Vĩnh Ô", "Hải An", "Cam Tuyền", "Ba Nang", "Triệu Độ", "Gio Mai", "Tà Long", "Húc Nghì")
MENU = "".join(f"<li><a href='/m/{name}'>{name}</a></li>" for name in ("Giới thiệu", "Tin tức", "Văn bản", "Liên hệ"))
NAMES = ("Hương", "Mỹ", "Tú", "Hạnh", "Đức", "Lộc", "Vũ", "Nghĩa")
PRICES = ("Gạo tẻ", "Thịt lợn hơi", "Cà phê nhân", "Cải bắp")

both = pytest.mark.parametrize("learned", [False, True], ids=["alone", "learned"])


def headline(number: int) -> str:
    return f"Xã {PLACES[number]} sửa chữa trường học trước mùa mưa năm {2015 + number}"


def sentence(number: int, part: int) -> str:
    return (
        f"Ngôi trường thứ {part} của xã {PLACES[number]} có {part * 7 + number} phòng học, được thay mái và quét vôi với "
        f"kinh phí {part * 3 + number} triệu đồng do phụ huynh thôn {PLACES[-number]} đóng góp."
    )


def paragraphs(number: int, of: int = 3) -> str:
    return "".join(f"<p>{sentence(number, part)}</p>" for part in range(1, of + 1))


def table(number: int) -> str:
    rows = "".join(
        f"<tr><td>{name} {PLACES[number - at]}</td><td>kg</td><td>{number + 1}{at}.000</td></tr>"
        for at, name in enumerate(PRICES)
    )
    return f"<table><tr><td>Mặt hàng</td><td>Đơn vị</td><td>Giá bán</td></tr>{rows}</table>"


def day(number: int) -> str:
    return f"1{number}/0{number + 1}/2019 08:2{number}"


def others(number: int, way: str = "<li><a href='/tin/{0}'>{1}</a></li>") -> str:
    return "".join(way.format(at + 100, headline(at)) for at in range(PAGES) if at % 3 == 0 and at != number)


def page(number: int, main: str, title: str = "Chi tiết - Sở Giáo dục", beside: str = "") -> Capture:
    body = (
        f"<html><head><title>{title}</title></head><body><ul>{MENU}</ul><div class='giua'>{main}</div>{beside}"
        "<div class='chan'><p>Sở Giáo dục. Địa chỉ: 12 Hùng Vương. Điện thoại: 0233 385 2000</p></div></body></html>"
    )
    return captured("sgddt", number, body)


# ----------------------------------------------------------------------------------------------------- where a text is


def under_headline(number: int) -> Capture:
    """Joomla 1.5: the headline's cell is called "contentheading", that of the text has no name."""
    return page(
        number,
        f"<table class='contentpaneopen'><tr><td class='contentheading'>{headline(number)}, thông báo mời chào giá</td>"
        f"</tr></table><table class='contentpaneopen'><tr><td class='createdate'>{day(number)}</td></tr><tr><td>"
        f"<p>Trường cần mua hàng hóa cho bếp ăn xã {PLACES[number]}, đề nghị các đơn vị gửi báo giá theo mẫu.</p>"
        f"<p>1. Nơi nhận: xã {PLACES[number]}</p>{table(number)}<p>Xã {PLACES[number]} rất mong các đơn vị quan tâm.</p></td></tr></table>"
        f"<div class='relatednews'><b>Các tin khác:</b><ul>{others(number)}</ul></div>",
    )


@both
def test_the_name_of_a_headline_is_not_that_of_the_text(learned: bool) -> None:
    lines = read(under_headline, learned=learned).text.split("\n\n")
    assert "1. Nơi nhận: xã Ba Nang" in lines
    assert any("Cải bắp Vĩnh Ô | kg | 43.000" in line for line in lines)
    assert lines[-1] == "Xã Ba Nang rất mong các đơn vị quan tâm."


def in_style(number: int) -> Capture:
    """Classes of style sheets: "text-ellipsis-2" is no text, "overflow-hidden" is not hidden."""
    cards = others(
        number, "<div class='item'><div class='font-size-18 text-ellipsis-2'><a href='/t/{0}'>{1}</a></div></div>"
    )
    return page(
        number,
        f"<div class='font-size-26 text-center'>{headline(number)}</div><div class='d-flex justify-content-between'><span>"
        f"{day(number)}</span></div><div class='text-justify overflow-hidden'><p>Kế hoạch xã {PLACES[number]}:</p>"
        f"<p>- Thay mái phòng {number + 2}.</p><p>- Quét vôi tường rào.</p><p>{sentence(number, 1)}</p>{table(number)}</div>"
        f"<div class='mb-5'><div class='font-size-26 text-default'>TIN CÙNG CHUYÊN MỤC</div>{cards}</div>",
    )


def test_classes_of_style_sheets_name_nothing() -> None:
    text = read(in_style, learned=True).text
    for line in ("- Thay mái phòng 5.", "- Quét vôi tường rào.", sentence(ASKED, 1), "Cải bắp Vĩnh Ô | kg | 43.000"):
        assert line in text
    assert headline(0) not in text


def of_schema(number: int) -> Capture:
    """Joomla 3: the text's element is told by itemprop alone, that of the fields is called "article-info"."""
    return page(
        number,
        f"<div class='item-page'><div class='page-header'><h2>{headline(number)}</h2></div><dl class='article-info'><dt>Chi tiết"
        f"</dt><dd>Được viết bởi Ái {NAMES[number]}</dd><dd>Ngày đăng: {day(number)}</dd><dd>Lượt truy cập: 3{number}7</dd></dl>"
        f"<div itemprop='articleBody'>{table(number)}<div style='text-align: justify'>Giá do chợ {PLACES[number]} báo.</div>"
        f"</div><h4>Tin cũ hơn:</h4><ul>{others(number)}</ul></div>",
    )


@both
def test_an_article_body_is_the_text_with_its_tables(learned: bool) -> None:
    found = read(of_schema, learned=learned)
    assert found.text.startswith("Mặt hàng | Đơn vị | Giá bán")
    assert found.text.endswith("Giá do chợ Ba Nang báo.")
    assert found.author == "Ái Hạnh"


@both
def test_who_has_written_is_no_paragraph_behind_the_date_either(learned: bool) -> None:
    def dated_first(number: int) -> Capture:
        return page(
            number,
            f"<div class='item-page'><div class='page-header'><h2>{headline(number)}</h2></div><dl class='article-info'>"
            f"<dd>Được đăng: {day(number)}</dd><dd>Viết bởi Ái {NAMES[number]}</dd></dl>"
            f"<div itemprop='articleBody'>{paragraphs(number)}</div></div>",
        )

    found = read(dated_first, learned=learned)
    assert "Viết bởi" not in found.text
    assert found.author == "Ái Hạnh"


@both
@pytest.mark.parametrize(
    ("name", "views"),
    [
        ("tblPrint61", "Lượt xem: 215"),
        ("tableforprint", "Lượt xem: 215"),
        ("print-content", "Lượt xem: 215"),
        ("noi-dung", "215 lượt xem"),
    ],
)
def test_a_table_in_what_is_to_be_printed_is_the_text(learned: bool, name: str, views: str) -> None:
    def priced(number: int) -> Capture:
        return page(
            number,
            f"<div class='a'><div class='titleNews'>{headline(number)}</div><div>{day(number)}</div><div>{views}</div>"
            f"<div id='{name}'>{table(number)}</div></div><div class='other'><b>Các tin khác</b><ul>{others(number)}</ul></div>",
            headline(number),
        )

    assert read(priced, learned=learned).text.split("\n")[-1] == "Cải bắp Vĩnh Ô | kg | 43.000"


def fielded(number: int) -> Capture:
    """Fields of a theme stand between a headline and a text that is a table: author, views, buttons."""
    return page(
        number,
        f"<div class='td-post'><h1 class='entry-title'>{headline(number)}</h1><div class='info'><div>Bởi</div><div><a href='/a'>"
        f"Ban biên tập</a></div><div>-</div><div>{day(number)}</div><div>0</div><div>{number}</div><div>In</div><div>Email</div>"
        f"</div><div class='td-content'>{table(number)}</div></div>",
        headline(number),
    )


@both
def test_fields_between_headline_and_table_are_no_text(learned: bool) -> None:
    text = read(fielded, learned=learned).text
    assert text.startswith("Mặt hàng") and text.endswith("Cải bắp Vĩnh Ô | kg | 43.000")


def listed(number: int) -> Capture:
    """A list near the end of a text, on a site whose other texts have none."""
    entries = "<ul><li>Nước</li><li>Điện</li></ul>" if number == ASKED else ""
    note = f"<p>(1) Xã {PLACES[number]} báo.</p>"
    return page(
        number,
        f"<div class='lien-quan'><a href='/x'>{headline(0)}</a></div><h1>{headline(number)}</h1><p>{day(number)}</p><table><tr>"
        f"<td>{paragraphs(number, 3)}<p>Xã {PLACES[number]} cần:</p>{entries}{note}</td></tr></table>"
        f"<ul>{others(number)}</ul>",
    )


def test_a_list_between_paragraphs_is_text() -> None:
    text = read(listed, learned=True).text
    assert "Nước" in text and "Điện" in text


# --------------------------------------------------------------------------------------------------- what is not of it


def commented(number: int) -> Capture:
    """WordPress: who runs the site introduces itself below every text, and the section is named in English."""
    return page(
        number,
        f"<article class='post'><h1 class='entry-title'>{headline(number)}</h1><div class='entry-meta'>{day(number)}</div>"
        f"<div class='entry-content'><p>{sentence(number, 1)}</p></div><footer class='entry-meta'>This entry was posted in "
        f"<a href='/c'>Tin</a>. Bookmark the permalink.</footer><div class='entry-author author-box'><h5 class='author-name'>"
        "admin</h5><p class='author-desc'>Ban biên tập trang tin nhà trường luôn sẵn sàng tiếp nhận tin bài cộng tác.</p></div>"
        "</article>",
    )


def test_the_box_about_the_author_is_not_the_text() -> None:
    assert read(commented, learned=False).text == sentence(ASKED, 1)


def scripted(number: int) -> Capture:
    """Vue: a script follows the headlines of other news, so that none is a link."""
    cards = others(number, "<div class='item'><div class='font-size-18'>{1}</div><div>1{0}/06/2019</div></div>")
    return page(
        number,
        f"<div class='font-size-26'>{headline(number)}</div><div><span>{day(number)}</span></div><div class='text-justify'>"
        f"{table(number)}</div><div class='mb-5'><div>TIN CÙNG CHUYÊN MỤC</div><div>{cards}</div></div>",
        headline(number),
    )


@both
def test_headlines_of_other_news_without_links_are_not_the_text(learned: bool) -> None:
    assert read(scripted, learned=learned).text.endswith("Cải bắp Vĩnh Ô | kg | 43.000")


def answered(number: int) -> Capture:
    return page(
        number,
        f"<div class='c1'><h1>{headline(number)}</h1><div>{day(number)}</div><div>Xem kế hoạch đính kèm của {PLACES[number]}.</div></div><div class='c2'>"
        f"<div>Gửi ý kiến của bạn</div><div><b>Trần Mai</b> <small>2{number}/05/2020</small><div>Tôi mong xã {PLACES[number]} "
        f"tiếp tục làm như vậy ở các trường khác để con em chúng tôi được học trong phòng khang trang hơn.</div></div></div>",
    )


@both
def test_what_readers_wrote_is_not_the_text(learned: bool) -> None:
    assert "Tôi mong" not in read(answered, learned=learned).text


def dated_below(number: int) -> Capture:
    """Nothing has a name, the date stands below the text, and that is two sentences."""
    return page(
        number,
        f"<div><div class='x1'>Thông báo ngừng cấp nước khu vực {PLACES[number]}</div><div class='x3'>Trạm nước {PLACES[number]} "
        f"ngừng cấp nước cả ngày đến 7/5. Mong bà con thông cảm.</div><div class='x4'>Ngày đăng: 1{number}/02/2019</div></div>"
        f"<div class='c2'><div>Gửi ý kiến của bạn</div><div><b>Trần Mai</b> <small>2{number}/05/2020</small><div>Tôi mong trạm ở "
        f"{PLACES[-number]} tiếp tục báo trước như vậy cho bà con các thôn khác cùng biết mà trữ nước.</div></div></div>",
    )


@both
def test_a_paragraph_above_its_date_is_no_headline(learned: bool) -> None:
    found = read(dated_below, learned=learned)
    assert found.text.endswith("ngừng cấp nước cả ngày đến 7/5. Mong bà con thông cảm.")
    assert found.title is None or found.title.startswith("Thông báo")


# ------------------------------------------------------------------------------------------------------------- fields


def in_rows(number: int) -> Capture:
    """DotNetNuke: headline, date, text, name and file stand in rows of one table."""
    return page(
        number,
        f"<table><tr><td>{headline(number)}</td></tr><tr><td>({day(number)})</td></tr><tr><td><div><span><p>"
        f"{sentence(number, 1)}</p>{paragraphs(number)}</span></div></td></tr><tr><td align='right'><span>Lan {NAMES[number]}</span></td></tr>"
        f"<tr><td>Tệp: <a href='/LinkClick.aspx?fileticket={number}'>mau-{number}.pdf</a></td></tr></table>"
        f"<div><b>Các tin khác</b><ul>{others(number)}</ul></div>",
    )


@both
def test_name_and_file_in_rows_of_their_own(learned: bool) -> None:
    found = read(in_rows, learned=learned)
    assert found.author == "Lan Hạnh"
    assert [file.name for file in found.attachments] == ["mau-3.pdf"]


def labelled(number: int) -> Capture:
    """Drupal: a label and its value are elements of their own."""
    return page(
        number,
        f"<h1>{headline(number)}</h1><p>{day(number)}</p><div class='field'>{paragraphs(number)}</div><div class='field'><div>"
        f"Tác giả:&nbsp;</div><div>Minh {'Đức' if number % 2 else 'Tú'}</div></div><div><div>Từ khóa:</div><a href='/t'>trường</a></div>",
    )


@both
def test_a_label_in_an_element_of_its_own(learned: bool) -> None:
    found = read(labelled, learned=learned)
    assert found.author == "Minh Đức"
    assert found.text.endswith(sentence(ASKED, 3))


def credited(number: int) -> Capture:
    return page(
        number,
        f"<h1>{headline(number)}</h1><p>{day(number)}</p><table><tr><td>{paragraphs(number)}</td></tr>"
        f"<tr><td align='right'><i>Theo Báo {PLACES[number]}</i></td></tr></table>",
    )


@both
def test_a_credit_at_the_right(learned: bool) -> None:
    assert read(credited, learned=learned).source == "Báo Ba Nang"


@pytest.mark.parametrize("office", ["THƯ KÝ", "CHỦ TỌA", "NGƯỜI LẬP BIỂU"])
def test_who_signs_minutes_is_no_author(office: str) -> None:
    def minutes(number: int) -> Capture:
        signed = f"<p align='right'><b>{office}</b></p><p align='right'><b>Trần Mai Lan</b></p>"
        return page(number, f"<h1>{headline(number)}</h1><p>{day(number)}</p><div>{paragraphs(number)}{signed}</div>")

    assert read(minutes, learned=False).author is None


@both
@pytest.mark.parametrize("label", ["Thăm dò ý kiến", "© Bản quyền thuộc về Sở Giáo dục", "Chia sẻ"])
def test_a_label_of_a_widget_behind_the_text_signs_nothing(label: str, *, learned: bool) -> None:
    def design(number: int) -> Capture:
        text = f"<div class='body'>{paragraphs(number)}</div><div>{label}</div>"
        return page(number, f"<h1>{headline(number)}</h1><div class='news'>{text}</div>")

    assert label not in read(design, learned=learned).text
