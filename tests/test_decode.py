from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_crawler.extraction.decode import (
    decode_html,
    detect_legacy,
    font_encoding,
    is_legacy_text,
    is_syllable,
    to_unicode_legacy,
)

SENTENCE = (
    "Ủy ban nhân dân tỉnh ban hành quyết định về việc hỗ trợ người lao động gặp khó khăn, bão lũ; đã cấp phát đủ."
)
PAGE = "<html><head><title>Sở Nội vụ</title></head><body><p>{}</p></body></html>"

# The same words in each encoding, written by hand from the code charts.
LEGACY = {
    "tcvn3": ("Th«ng b¸o tuyÓn dông viªn chøc n¨m 2009", "Thông báo tuyển dụng viên chức năm 2009", "latin-1"),
    "vni": ("Thoâng baùo tuyeån duïng vieân chöùc naêm 2009", "Thông báo tuyển dụng viên chức năm 2009", "cp1252"),
    "viscii": ("Thông báo tuy¬n døng viên chÑc nåm 2009", "Thông báo tuyển dụng viên chức năm 2009", "latin-1"),
}
SHARED = Path(__file__).parents[2] / "shared" / "data" / "encoding_vectors.json"


def page(text: str) -> str:
    return PAGE.format(text)


def in_windows_1258(text: str) -> bytes:
    """As Windows writes it: base letter with its circumflex, breve or horn, then the tone as a combining mark."""
    written = []
    for char in text:
        parts = unicodedata.normalize("NFD", char)
        tones = "".join(part for part in parts if part in "\u0300\u0301\u0303\u0309\u0323")
        base = "".join(part for part in parts if part not in tones)
        written.append(unicodedata.normalize("NFC", base) + tones)
    return "".join(written).encode("cp1258")


class TestUnicode:
    @pytest.mark.parametrize(
        "declared", [None, "text/html", "text/html; charset=utf-8", "text/html; charset=windows-1258"]
    )
    def test_valid_utf_8_is_utf_8_whatever_the_header_says(self, declared: str | None) -> None:
        decoded = decode_html(page(SENTENCE).encode(), declared)
        assert (decoded.text, decoded.encoding, decoded.replaced, decoded.suspect) == (
            page(SENTENCE),
            "utf-8",
            0,
            False,
        )

    def test_meta_charset_that_lies_is_not_believed(self) -> None:
        text = '<meta charset="iso-8859-1">' + page(SENTENCE)
        assert decode_html(text.encode(), None).text == text

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
    def test_byte_order_mark_decides_and_is_no_text(self, encoding: str) -> None:
        decoded = decode_html(page(SENTENCE).encode(encoding), "text/html; charset=windows-1252")
        assert decoded.text == page(SENTENCE)
        assert not decoded.suspect

    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
    def test_utf_16_without_mark(self, encoding: str) -> None:
        decoded = decode_html(page(SENTENCE).encode(encoding), "text/html; charset=utf-16")
        assert (decoded.text, decoded.encoding) == (page(SENTENCE), encoding)

    def test_header_that_claims_utf_16_for_ascii_is_not_believed(self) -> None:
        assert decode_html(b"<p>Thong bao</p>", "text/html; charset=utf-16").text == "<p>Thong bao</p>"

    def test_nul_bytes_vanish(self) -> None:
        body = page(SENTENCE).encode().replace(b"<p>", b"<p>\0").replace(b"</p>", b"\0\0</p>")
        assert decode_html(body, None).text == page(SENTENCE)

    @pytest.mark.parametrize("cut", [1, 2])
    def test_page_cut_within_its_last_letter_stays_utf_8(self, cut: int) -> None:
        body = (page(SENTENCE) + "ệ").encode()[:-cut]
        decoded = decode_html(body, "text/html; charset=windows-1252")
        assert decoded.encoding == "utf-8"
        assert decoded.text == page(SENTENCE) + "\ufffd"
        assert decoded.replaced == 1

    def test_page_cut_within_its_only_letter_beyond_ascii(self) -> None:
        decoded = decode_html(b"<p>Thong tin \xe1\xbb", "text/html; charset=utf-8")
        assert (decoded.encoding, decoded.text) == ("utf-8", "<p>Thong tin \ufffd")

    def test_few_bad_bytes_are_replaced_and_counted(self) -> None:
        body = page(SENTENCE).encode().replace(b"</p>", b"\xff \x93x\x94</p>")
        decoded = decode_html(body, "text/html; charset=windows-1258")
        assert (decoded.encoding, decoded.replaced) == ("utf-8", 3)
        assert SENTENCE in decoded.text


class TestTwiceEncoded:
    @pytest.mark.parametrize("misread", ["latin-1", "cp1252"])
    def test_reversed_once(self, misread: str) -> None:
        text = page("Cộng hòa xã hội chủ nghĩa Việt Nam, Quảng Bình")
        doubled = text.encode().decode(misread, "strict" if misread == "latin-1" else "replace")
        if "\ufffd" in doubled:
            text = page("hội nghị Việt")
            doubled = text.encode().decode("cp1252")
        decoded = decode_html(doubled.encode(), None)
        assert (decoded.text, decoded.encoding) == (text, "utf-8 encoded twice")

    def test_article_in_a_sound_template(self) -> None:
        doubled = SENTENCE.encode().decode("latin-1")
        decoded = decode_html(page(doubled).encode(), None)
        assert decoded.text == page(SENTENCE)

    def test_three_times_encoded_loses_one_turn_only(self) -> None:
        once = SENTENCE.encode().decode("latin-1")
        twice = once.encode().decode("latin-1")
        assert SENTENCE not in decode_html(page(twice).encode(), None).text

    def test_closing_guillemet_after_a_vowel_is_no_sign(self) -> None:
        text = page("Chương trình «Con cá» và «Người cha»")
        decoded = decode_html(text.encode(), None)
        assert (decoded.text, decoded.suspect) == (text, False)

    def test_what_does_not_reverse_is_kept_and_suspect(self) -> None:
        text = page("á»™ á»‡ á» ố á»‹ á»\u0178 ạ á»§")
        decoded = decode_html(text.encode(), None)
        assert decoded.suspect
        assert decoded.text == text


class TestLegacy:
    @pytest.mark.parametrize("encoding", sorted(LEGACY))
    @pytest.mark.parametrize("declared", [None, "text/html; charset=utf-8", "text/html; charset=iso-8859-1"])
    def test_detected_on_the_bytes(self, encoding: str, declared: str | None) -> None:
        written, read, codec = LEGACY[encoding]
        decoded = decode_html(b"<p>" + written.encode(codec) + b"</p>", declared)
        assert (decoded.text, decoded.encoding) == (f"<p>{read}</p>", encoding)

    @pytest.mark.parametrize("declared", [None, "text/html; charset=windows-1258", "text/html; charset=windows-1252"])
    def test_windows_1258_comes_out_composed(self, declared: str | None) -> None:
        decoded = decode_html(b"<p>" + in_windows_1258(SENTENCE) + b"</p>", declared)
        assert (decoded.text, decoded.encoding) == (f"<p>{SENTENCE}</p>", "windows-1258")

    def test_latin_1_with_character_references_is_windows_1252(self) -> None:
        body = "<p>M\u1ee5c tiêu</p>".encode(
            "ascii", "xmlcharrefreplace"
        ) + "<p>và bánh, là cá; \u201cthông\u201d</p>".encode("cp1252")
        decoded = decode_html(body, None)
        assert decoded.encoding == "windows-1252"
        assert decoded.text == "<p>M&#7909;c ti&#234;u</p><p>và bánh, là cá; \u201cthông\u201d</p>"

    @pytest.mark.parametrize(
        ("text", "codec", "charset"),
        [
            ("Le garçon français a été élevé à la forêt, où il dépêche là-bas très âgé", "cp1252", "iso-8859-1"),
            ("Für große Müller: Straße über können schön Höhe Äpfel", "cp1252", "windows-1252"),
            ("Está aquí mañana, según la información más útil, después", "cp1252", "iso-8859-1"),
            ("Привет мир, как дела сегодня", "cp1251", "windows-1251"),
            ("河内市人民委员会通知如下", "gbk", "gb2312"),
        ],
    )
    def test_other_languages_keep_what_they_declare(self, text: str, codec: str, charset: str) -> None:
        decoded = decode_html(f"<p>{text}</p>".encode(codec), f"text/html; charset={charset}")
        assert decoded.text == f"<p>{text}</p>"
        assert not decoded.suspect

    def test_undeclared_and_unknown_is_windows_1252_in_doubt(self) -> None:
        decoded = decode_html("<p>größer</p>".encode("cp1252"), None)
        assert (decoded.text, decoded.encoding, decoded.suspect) == ("<p>größer</p>", "windows-1252", True)

    def test_codecs_that_are_no_charsets_are_not_used(self) -> None:
        assert decode_html(b"<p>\\x41 \xe9</p>", "text/html; charset=unicode_escape").encoding == "windows-1252"

    def test_detection_needs_words(self) -> None:
        assert detect_legacy(b"<p>\xe9</p>") is None

    @pytest.mark.skipif(not SHARED.exists(), reason="the team's encoding vectors are not here")
    def test_the_teams_vectors(self) -> None:
        for vector in json.loads(SHARED.read_text())["vectors"]:
            for encoding in ("tcvn3", "viscii", "windows-1258"):
                body = b"<p>" + bytes.fromhex(vector[f"{encoding}_hex"]) + b"</p>"
                assert decode_html(body, None).text == f"<p>{vector['nfc']}</p>"
            assert to_unicode_legacy(vector["vni_read_as_cp1252"], "vni") == vector["nfc"]
            assert to_unicode_legacy(vector["tcvn3_read_as_latin1"], "tcvn3") == vector["nfc"]
            assert to_unicode_legacy(vector["viscii_read_as_latin1"], "viscii") == vector["nfc"]
            assert decode_html(vector["utf8_read_as_latin1"].encode(), None).text == vector["nfc"]


class TestFonts:
    @pytest.mark.parametrize(
        ("family", "encoding"),
        [
            (".VnTime", "tcvn3"),
            ("'.VnArialH', Arial", "tcvn3"),
            (".vntime", "tcvn3"),
            ('"VNI-Times"', "vni"),
            ("VNI Helve", "vni"),
            ("Times New Roman, .VnTime", None),
            ("Vnexpress", None),
            ("", None),
        ],
    )
    def test_font_tells_the_encoding(self, family: str, encoding: str | None) -> None:
        assert font_encoding(family) == encoding

    @pytest.mark.parametrize("encoding", sorted(LEGACY))
    def test_letters_of_the_font(self, encoding: str) -> None:
        written, read, _ = LEGACY[encoding]
        assert to_unicode_legacy(written, encoding) == read

    def test_capital_fonts_keep_the_case_of_the_text(self) -> None:
        assert to_unicode_legacy("TH¤NG B¸O", "tcvn3") == "THÔNG BáO"

    def test_unicode_text_under_a_legacy_font_is_left_alone(self) -> None:
        assert to_unicode_legacy(SENTENCE, "tcvn3") == SENTENCE
        assert to_unicode_legacy(SENTENCE, "vni") == SENTENCE

    def test_vni_letters_without_a_mark(self) -> None:
        assert to_unicode_legacy("Chi phí vì ñòa chæ Ñaø Naüng ñaúng", "vni") == "Chi phí vì địa chỉ Đà Nẵng đẳng"

    @pytest.mark.parametrize("encoding", sorted(LEGACY))
    def test_legacy_text_is_known_from_unicode(self, encoding: str) -> None:
        written, read, _ = LEGACY[encoding]
        assert is_legacy_text(written, encoding)
        assert not is_legacy_text(read, encoding)
        assert not is_legacy_text("ASCII only", encoding)

    def test_unknown_encoding_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="viqr"):
            to_unicode_legacy("a", "viqr")


@pytest.mark.parametrize(
    "word", ["nghiêng", "Quảng", "thuở", "oằn", "yểu", "giữ", "được", "khuỷu", "ĐIỆN", "gì", "uống"]
)
def test_syllables(word: str) -> None:
    assert is_syllable(word)


@pytest.mark.parametrize(
    "word", ["más", "für", "été", "cac\u0301\u0309", "bac\u0300", "wật", "Chào1", "", "tiêng2", "mötley"]
)
def test_no_syllables(word: str) -> None:
    assert not is_syllable(word)


@given(
    st.binary(max_size=400),
    st.sampled_from([None, "text/html; charset=utf-8", "text/html; charset=big5", "x; charset="]),
)
def test_any_bytes_decode(body: bytes, content_type: str | None) -> None:
    decoded = decode_html(body, content_type)
    assert "\0" not in decoded.text
    assert decoded.replaced <= decoded.text.count("\ufffd")
    decoded.text.encode()  # no lone surrogates: the parser takes UTF-8


@given(st.text(st.characters(exclude_characters="\0\ufeff", exclude_categories=["Cs"]), max_size=200))
def test_what_is_utf_8_is_read_as_written(text: str) -> None:
    assert decode_html(f"<p>{text}</p>".encode(), None).text in (f"<p>{text}</p>", _once(f"<p>{text}</p>"))


def _once(text: str) -> str:
    return decode_html(text.encode(), None).text if "á\u00ba" in text or "á\u00bb" in text else text


@given(st.text(max_size=100), st.sampled_from(["tcvn3", "vni", "viscii"]))
def test_any_text_in_a_legacy_font(text: str, encoding: str) -> None:
    once = to_unicode_legacy(text, encoding)
    assert len(once) <= 3 * len(text)  # NFC may take some characters apart


@pytest.mark.parametrize(
    "body", [b"<script" * 40_000 + b"\xff", b"\xe9a" * 150_000, b"\xe9" * 300_000, b"<p>\xb8\x80</p>" * 40_000]
)
def test_hostile_bodies_take_linear_time(body: bytes) -> None:
    assert decode_html(body, None).text
