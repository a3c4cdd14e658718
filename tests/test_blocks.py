"""Blocks: where a run of text begins and ends, what it consists of, and what is no text."""

from __future__ import annotations

import gc

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from portal_crawler.extraction.blocks import Block, blocks
from portal_crawler.extraction.page import PageError, parse_html

URL = "http://stp.example.gov.vn/tin/1.html"


def found(html: str) -> list[Block]:
    return blocks(parse_html(URL, html.encode(), "text/html; charset=utf-8"))


def texts(html: str) -> list[str]:
    return [block.text for block in found(html)]


def test_inline_elements_stay_in_the_run_of_their_paragraph() -> None:
    assert texts("<p>Sở <b>Tư</b> pháp <a href='/'>tỉnh</a> họp</p><p>hôm nay</p>") == [
        "Sở Tư pháp tỉnh họp",
        "hôm nay",
    ]


def test_breaks_cells_and_nested_blocks_end_a_run() -> None:
    assert texts("<div>một<br>hai<table><tr><td>ba</td><td>bốn</td></tr></table>năm</div>") == [
        "một",
        "hai",
        "ba",
        "bốn",
        "năm",
    ]


def test_a_break_right_before_an_element_ends_a_run() -> None:
    assert texts("<div><b>một</b><br><i>hai</i> ba<br/><br/><span>bốn</span></div>") == ["một", "hai ba", "bốn"]


def test_no_text_of_scripts_options_and_buttons() -> None:
    assert texts(
        "<p>chữ<script>var a = 'x'</script></p><select><option>Liên kết</option></select><button>In</button>"
    ) == ["chữ"]


def test_white_space_and_invisible_characters() -> None:
    assert texts("<p>\xa0</p><p> Quy\u200bết \n định\xa0số 5 </p><p>\u200b</p>") == ["Quyết định số 5"]


def test_decomposed_letters_are_composed() -> None:
    assert texts("<p>tie\u0302\u0301ng Vie\u0323\u0302t</p>") == ["tiếng Việt"]


def test_words_and_link_density() -> None:
    plain, half, full = found("<p>một hai ba</p><p>abcd<a href='/'>efgh</a></p><p><a href='/'><b>Trang chủ</b></a></p>")
    assert (plain.words, plain.link_density) == (3, 0.0)
    assert half.link_density == 0.5
    assert full.link_density == 1.0


def test_scripts_without_spaces_have_words_too() -> None:
    (block,) = found("<p>京港澳高速往北方向多个路段就出现堵车情况有乘客致电本报热线称</p>")
    assert block.words >= 12


def test_hidden_by_its_own_style() -> None:
    shown, hidden = found("<div>thấy</div><div style='DISPLAY : none'><p>không thấy</p></div>")
    assert (shown.hidden, hidden.hidden) == (False, True)


def test_slots_are_the_text_nodes_of_the_run() -> None:
    first, second = found("<div>một <b>hai</b> ba<p>bốn</p></div>")
    read = [
        "".join((element.tail if tail else element.text) or "" for element, tail in b.slots) for b in (first, second)
    ]
    assert read == ["một hai ba", "bốn"]
    assert first.element.tag == "div"
    assert second.element.tag == "p"


def test_deep_nesting_is_no_recursion() -> None:
    assert texts("<b>x" * 5_000)[0].startswith("x")


@settings(deadline=None, max_examples=60)
@given(st.text(alphabet=st.sampled_from("ab <>/=\"'pdivtrbul&;\xa0\u0301é"), max_size=200))
def test_any_markup_gives_blocks_that_are_never_empty(noise: str) -> None:
    try:
        page = parse_html(URL, f"<p>x</p>{noise}".encode(), "text/html; charset=utf-8")
    except PageError:
        return
    for block in blocks(page):
        assert block.text
        assert block.text == " ".join(block.text.split())
        assert block.words >= 1
        assert 0.0 <= block.link_density <= 1.0
        assert block.slots


def test_classes_that_hide_an_element_are_believed() -> None:
    shown, hidden, again = found(
        "<div>chữ <span class='hidden hide d-none'>2020-08-04T10:57:00+07:00</span></div><p class='d-none d-md-block'>rộng</p>"
    )
    assert (shown.text, shown.hidden) == ("chữ", False)
    assert hidden.hidden
    assert not again.hidden


def test_what_is_remembered_of_a_page_does_not_keep_it_alive() -> None:
    page = parse_html(URL, "<div><p>Một nhãn mà trang nào cũng có</p></div>".encode(), "text/html; charset=utf-8")
    assert texts_of(blocks(page)) == ["Một nhãn mà trang nào cũng có"]
    del page
    gc.collect()
    # The strings that lxml makes know their element, and through it the whole tree.
    assert not [
        one for one in gc.get_objects() if isinstance(one, etree._ElementUnicodeResult) and "Một nhãn mà" in one
    ]


def texts_of(found: list[Block]) -> list[str]:
    return [block.text for block in found]
