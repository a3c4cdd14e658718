"""From bytes to text: which character encoding a page is in, whatever it says about itself.

Order of trust: byte order mark, strict UTF-8, the declared charset, detection of Vietnamese legacy encodings on the
bytes, UTF-8 with some bytes damaged, windows-1252.  Only the legacy step needs judgement: generic detectors know none
of TCVN3, VNI and VISCII, so each candidate decoding is asked how many of its words are possible Vietnamese syllables.
A syllable is onset, vowels and coda with at most one tone, and words with a stop as coda carry the acute or dot tone
only; wrong decodings, and other European languages, fail that at once.

Tables: TCVN3 is TCVN 5712:1993 VN3 (the ``.Vn`` fonts), VISCII is RFC 1456, VNI is the two-byte VNI-Windows layout.
"""

from __future__ import annotations

import codecs
import re
import sys
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding

UTF_8 = "utf-8"
DOUBLE_UTF_8 = "utf-8 encoded twice"
LATIN = "windows-1252"


# Texts in which so many marks may stand on one letter are normalised in pieces; no writing needs half as many.
_LONG, _MOST_MARKS = 1000, 100


def composed(text: str, form: Literal["NFC", "NFD"] = "NFC") -> str:
    """Text in a normal form of Unicode.

    To bring the marks on a letter into their order takes time that grows with the square of their number: where there
    are more than any writing has, each hundred is brought into order by itself (see Unicode Standard Annex 15, 13).
    """
    if text.isascii():
        return text
    # Where so many stand in a row, one of them stands at one of these places.
    if len(text) > _LONG and any(map(unicodedata.combining, text[::_MOST_MARKS])) and _marks().search(text):
        return "".join(unicodedata.normalize(form, part) for part in _marks().split(text))
    return text if unicodedata.is_normalized(form, text) else unicodedata.normalize(form, text)


@lru_cache(maxsize=1)
def _marks() -> re.Pattern[str]:
    """So many marks in a row that they are a piece of their own."""
    marks = "".join(sign for sign in map(chr, range(sys.maxunicode + 1)) if unicodedata.combining(sign))
    return re.compile(f"([{marks}]{{{_MOST_MARKS}}})")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A body as text.

    Attributes:
        text: The characters; NUL is left out, as HTML parsers do.
        encoding: What they were read with, in lower case: ``utf-8``, ``windows-1258``, ``tcvn3``, ...
        replaced: How many U+FFFD stand for bytes that could not be decoded.
        suspect: Whether the choice is in doubt.
        utf_8: The text in UTF-8 where the body itself was that, which spares encoding it again; else None.
    """

    text: str
    encoding: str
    replaced: int = 0
    suspect: bool = False
    utf_8: bytes | None = field(default=None, repr=False, compare=False)


# ---------------------------------------------------------------------------------------------------------------------
# Tables
# ---------------------------------------------------------------------------------------------------------------------

# Bytes A1..FF.  AD, Latin-1's soft hyphen, is the letter ư; B0..B4 are combining tones.  The fonts (VN3) leave the
# toned capitals empty that the wider VN2 has there: ".VnTimeH" and its like draw small letters as capitals, so that
# the text itself has lost the case.
_TCVN3_FROM_A1 = (
    "ĂÂÊÔƠƯĐăâêôơưđẶ\u0300\u0309\u0303\u0301\u0323àảãáạẲằẳẵắẴẮẦẨẪẤỀặầẩẫấậèỂẻẽéẹềểễếệìỉỄẾỒĩíị"
    "òỔỏõóọồổỗốộờởỡớợùỖủũúụừửữứựỳỷỹýỵỐ"
)
# Bytes 80..FF, and the six controls that VISCII gives to letters.
_VISCII_FROM_80 = (
    "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲÕắằặấầẩậẽẹếềểễệốồổỗỠƠộờởịỰỨỪỬơớƯ"
    "ÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừửÙÚỹỵÝỡưàáâãảăữẫèéêẻìíĩỉđựòóôõỏọụùúũủýợỮ"
)
_VISCII_CONTROLS = {0x02: "Ẳ", 0x05: "Ẵ", 0x06: "Ẫ", 0x14: "Ỷ", 0x19: "Ỹ", 0x1E: "Ỵ"}
# VNI writes a vowel, then a byte that is its tone, or its circumflex or breve with or without a tone.
_VNI_MARKS = {
    **dict(zip("ùøûõï", ("\u0301", "\u0300", "\u0309", "\u0303", "\u0323"), strict=True)),
    **dict(zip("âáàåãä", ("", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323"), strict=True)),
    **dict(zip("êéèúüë", ("", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323"), strict=True)),
}
_VNI_SHAPES = {**dict.fromkeys("âáàåãä", "\u0302"), **dict.fromkeys("êéèúüë", "\u0306")}
_VNI_SINGLES = {"ñ": "đ", "ô": "ơ", "ö": "ư", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ"}
_VNI = re.compile("[aeoôöuyiAEOÔÖUYI][ùøûõïâáàåãäêéèúüëÙØÛÕÏÂÁÀÅÃÄÊÉÈÚÜË]|[ñôöæóòîÑÔÖÆÓÒÎ]")


def _bytes_table(codec: str, changes: dict[int, str] | None = None) -> str:
    """The 256 characters of a single-byte encoding; bytes it leaves undefined are the controls of Latin-1."""
    table = [bytes([byte]).decode(codec, "ignore") or chr(byte) for byte in range(256)]
    for byte, char in (changes or {}).items():
        table[byte] = char
    return "".join(table)


_TCVN3 = {0xA1 + place: char for place, char in enumerate(_TCVN3_FROM_A1)}
_VISCII = {0x80 + place: char for place, char in enumerate(_VISCII_FROM_80)} | _VISCII_CONTROLS
_SINGLE_BYTE = {
    LATIN: _bytes_table("cp1252"),
    "windows-1258": _bytes_table("cp1258"),
    "tcvn3": _bytes_table("cp1252", _TCVN3),
    "viscii": _bytes_table("latin-1", _VISCII),
    "vni": _bytes_table("cp1252"),
}
_LEGACY = ("windows-1258", "tcvn3", "viscii", "vni")
_FONT_TABLES: dict[str, dict[int, str]] = {"tcvn3": _TCVN3, "viscii": _VISCII, "vni": {}}


def _decode_single(body: bytes, encoding: str) -> str:
    text = codecs.charmap_decode(body, "strict", _SINGLE_BYTE[encoding])[0]
    if encoding == "vni":
        text = _VNI.sub(_vni_letter, text)
    return text if encoding == LATIN else composed(text)


def _vni_letter(match: re.Match[str]) -> str:
    written = match[0]
    base, mark = written[0], written[1:].lower()
    letter = _VNI_SINGLES.get(base.lower(), base.lower()) + _VNI_SHAPES.get(mark, "") + _VNI_MARKS.get(mark, "")
    letter = unicodedata.normalize("NFC", letter)
    if len(letter) > 1:  # no such letter: "iâ", "ôâ"
        return written if base.lower() not in _VNI_SINGLES else _cased(_VNI_SINGLES[base.lower()], base) + written[1:]
    return _cased(letter, base)


def _cased(letter: str, like: str) -> str:
    return letter.upper() if like.isupper() else letter


# ---------------------------------------------------------------------------------------------------------------------
# Is it Vietnamese?
# ---------------------------------------------------------------------------------------------------------------------

_TONES = dict.fromkeys(map(ord, "\u0300\u0301\u0303\u0309\u0323"))
_SYLLABLE = re.compile(
    "(?:ngh|ng|nh|gh|gi|kh|ch|ph|th|tr|qu|[bcdđghklmnpqrstvx])?"
    "(?:iêu|yêu|oai|oao|oay|oeo|uây|uôi|uya|uyê|uyu|ươi|ươu|"
    "ai|ao|au|ay|âu|ây|eo|êu|ia|iê|iu|oa|oă|oe|oi|oo|ôi|ơi|ua|uâ|uê|ui|uô|uơ|uy|ưa|ưi|ươ|ưu|yê|[aăâeêioôơuưy])"
    "(?:ch|ng|nh|[cmnpt])?"
)
_STOPS = ("c", "p", "t", "ch")
_LONGEST_SYLLABLE = 16  # characters; no word is written with half as many letters


def is_syllable(word: str) -> bool:
    """Whether a word is a possible Vietnamese syllable: its spelling, and its tone for the coda it has."""
    if len(word) > _LONGEST_SYLLABLE:
        return False
    parts = unicodedata.normalize("NFD", word.lower())
    tones = [char for char in parts if ord(char) in _TONES]
    if len(tones) > 1:
        return False
    toneless = unicodedata.normalize("NFC", parts.translate(_TONES))
    if not _SYLLABLE.fullmatch(toneless):
        return False
    return not toneless.endswith(_STOPS) or tones in (["\u0301"], ["\u0323"])


_WORD = re.compile(rb"[A-Za-z\x02\x05\x06\x14\x19\x1e\x80-\xff]+")
_FOREIGN = re.compile(rb"[\x02\x05\x06\x14\x19\x1e\x80-\xff]")
_AROUND = "\u2018\u2019\u201a\u201c\u201d\u201e\u2013\u2014\u2026\u2022\u00a0"
_SAMPLE = 200_000
_LONGEST_WORD = 40  # bytes; longer ones are no text
_ENOUGH_WORDS = 3
_LIKENESS = 0.75  # of the words with letters beyond ASCII; right decodings measure > 0.9, wrong ones < 0.5
_LEAD = 0.1


def _words(body: bytes) -> list[bytes]:
    """The distinct words beyond ASCII of a page; those in scripts and attributes are in the same encoding."""
    words = (word for word in _WORD.findall(body[:_SAMPLE]) if len(word) <= _LONGEST_WORD)
    return list(dict.fromkeys(word for word in words if _FOREIGN.search(word)))


def _likeness(words: list[bytes], encoding: str) -> float:
    """The share of words that are Vietnamese syllables when read in this encoding."""
    if not words:
        return 0.0
    texts = (_decode_single(word, encoding).strip(_AROUND) for word in words)
    judged = [is_syllable(text) for text in texts if not text.isascii()]
    return sum(judged) / len(judged) if judged else 0.0


def detect_legacy(body: bytes) -> tuple[str, float] | None:
    """The Vietnamese single-byte encoding of a page that is not UTF-8, by its words.

    Returns:
        The encoding (``windows-1252`` where the page writes the other letters as character references) and the share of
        its words that are Vietnamese syllables then; None where no encoding makes the words Vietnamese.
    """
    words = _words(body)
    if len(words) < _ENOUGH_WORDS:
        return None
    best, likeness = LATIN, _likeness(words, LATIN)
    for encoding in _LEGACY:
        if (found := _likeness(words, encoding)) > likeness + _LEAD:
            best, likeness = encoding, found
    return (best, likeness) if likeness >= _LIKENESS else None


# ---------------------------------------------------------------------------------------------------------------------
# Decoding
# ---------------------------------------------------------------------------------------------------------------------

_BOMS = (  # UTF-32 first: its little-endian mark begins with UTF-16's
    (codecs.BOM_UTF8, UTF_8),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_REPLACEMENT = "\ufffd"
_CERTAIN = 0.9
# What a page may declare: the encodings of the WHATWG standard, by Python's names.  (Python has stranger codecs.)
_CHARSETS = re.compile(
    "cp(125[0-8]|866|874|932|949)|iso8859-[0-9]+|koi8-[ru]|tis-620|mac-(roman|cyrillic)"
    "|gb2312|gbk|gb18030|big5(hkscs)?|shift_jis|euc_(jp|kr)|iso2022_jp"
)
# How the first two bytes of the letters U+1E80..U+1EFF, without which no Vietnamese sentence goes, look when read as
# windows-1252.
_DOUBLED = ("\u00e1\u00ba", "\u00e1\u00bb")
_DOUBLED_BYTES = re.compile(b"|".join(sign.encode() for sign in _DOUBLED))
_TO_BYTES = {byte: byte for byte in range(256)} | {ord(char): byte for byte, char in enumerate(_SINGLE_BYTE[LATIN])}


def decode_html(body: bytes, content_type: str | None) -> Decoded:
    """Decode the body of a page.

    Args:
        body: The bytes, content codings undone.
        content_type: The ``Content-Type`` header, if there was one.

    Returns:
        The text and how it was read.  Never raises: what cannot be decoded is replaced and counted.
    """
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            return _replacing(body[len(bom) :], encoding)
    if b"\0" in body:
        if (order := _utf_16_order(body)) is not None:
            return _replacing(body, order)
        body = body.replace(b"\0", b"")
    try:
        text = body.decode(UTF_8)
    except UnicodeDecodeError:
        return _decode_damaged(body, content_type)
    # One search, and in the bytes: every page goes this way, and two in the text take six times as long.
    if _DOUBLED_BYTES.search(body):
        return _undouble(text)
    return Decoded(text, UTF_8, utf_8=body)


def _replacing(body: bytes, encoding: str) -> Decoded:
    text = body.decode(encoding, "replace").replace("\0", "")
    return Decoded(text, encoding, text.count(_REPLACEMENT))


def _utf_16_order(body: bytes) -> str | None:
    """Which UTF-16 a body without byte order mark is in: the markup's ASCII has every second byte zero."""
    start = body[:4096]
    even, odd = start[::2].count(0), start[1::2].count(0)
    if odd > len(start) * 0.2 and even <= odd * 0.02:
        return "utf-16-le"
    if even > len(start) * 0.2 and odd <= even * 0.02:
        return "utf-16-be"
    return None


def _decode_damaged(body: bytes, content_type: str | None) -> Decoded:
    """Decode what is not valid UTF-8."""
    damaged = body.decode(UTF_8, "replace")
    bad = damaged.count(_REPLACEMENT)
    good = sum(char > "\x7f" for char in damaged) - bad
    declared = _declared(body, content_type)
    # Legacy text hardly ever has a valid sequence of UTF-8.  A page cut within its first such sequence has none either.
    cut = declared == UTF_8 and bad == 1 and damaged.endswith(_REPLACEMENT)
    if good >= 4 * bad or cut:
        return Decoded(damaged, UTF_8, bad, suspect=good < 20 * bad and not cut)
    if (found := detect_legacy(body)) is not None:
        encoding, likeness = found
        return Decoded(_decode_single(body, encoding), encoding, suspect=likeness < _CERTAIN)
    if declared is not None and _CHARSETS.fullmatch(declared):
        try:
            return Decoded(body.decode(declared).replace("\0", ""), declared.replace("cp125", "windows-125"))
        except UnicodeDecodeError:
            pass  # the declaration is wrong
    if good >= bad:
        return Decoded(damaged, UTF_8, bad, suspect=True)
    return Decoded(_decode_single(body, LATIN), LATIN, suspect=True)


def _declared(body: bytes, content_type: str | None) -> str | None:
    """The charset that the header, or else the page, declares, as Python's codecs call it."""
    return http_content_type_encoding(content_type) or html_body_declared_encoding(body)


def _undouble(text: str) -> Decoded:
    """Undo, once, UTF-8 that was read as windows-1252 and encoded again, for the page or for its parts.

    A template is often right while the articles, moved from another database, are not; so where the page as a whole
    cannot be reversed, each run of text between two tags is tried.  A run changes only if every byte of it reverses.
    """
    whole = _reversed(text)
    if whole is not None:
        return Decoded(whole, DOUBLE_UTF_8)
    parts = re.split("([<>])", text)
    changed = False
    for place, part in enumerate(parts):
        if any(sign in part for sign in _DOUBLED) and (right := _reversed(part)) is not None:
            parts[place] = right
            changed = True
    if not changed:  # so sure a sign that something is wrong, unless the letters are a quotation's end: "cá»"
        return Decoded(text, UTF_8, suspect=sum(map(text.count, _DOUBLED)) > _ENOUGH_WORDS)
    text = "".join(parts)
    return Decoded(text, DOUBLE_UTF_8, suspect=any(sign in text for sign in _DOUBLED))


def _reversed(text: str) -> str | None:
    try:
        return codecs.charmap_encode(text, "strict", _TO_BYTES)[0].decode(UTF_8)
    except UnicodeError:
        return None


# ---------------------------------------------------------------------------------------------------------------------
# Legacy fonts in Unicode pages
# ---------------------------------------------------------------------------------------------------------------------

_UNICODE_ONLY = re.compile("[ĂăĐđĨĩŨũƠơƯư\u1ea0-\u1ef9]")
_FONTS = {"tcvn3": re.compile(r"\.vn[a-z]", re.IGNORECASE), "vni": re.compile(r"vni[- ]", re.IGNORECASE)}


def font_encoding(family: str) -> str | None:
    """The encoding that a font family implies for the text set in it.

    Args:
        family: A CSS ``font-family`` value or ``<font face>``; the first family of a list decides, as in a browser that
            has the font.

    Returns:
        ``tcvn3`` for the .Vn fonts, ``vni`` for the VNI fonts, None for any other.  Fonts whose name ends in H draw
        capitals; their text has lost the case, and it is left as it is.
    """
    first = family.split(",", 1)[0].strip(" \t\r\n'\"")
    return next((encoding for encoding, pattern in _FONTS.items() if pattern.match(first)), None)


def is_legacy_text(text: str, encoding: str) -> bool:
    """Whether text beyond ASCII becomes Vietnamese by :func:`to_unicode_legacy` and is none before.

    Pasted Unicode text often keeps the name of a legacy font; a page's text in that font, taken together, tells.
    """
    if _UNICODE_ONLY.search(text):
        return False
    before = [word for word in re.split(r"[\s.,;:!?()\[\]/0-9-]+", text) if word and not word.isascii()]
    if not before:
        return False
    after = [to_unicode_legacy(word, encoding).strip(_AROUND) for word in before]
    right = sum(map(is_syllable, after))
    return right >= _LIKENESS * len(before) and right > sum(is_syllable(word.strip(_AROUND)) for word in before)


def to_unicode_legacy(text: str, encoding: str) -> str:
    """Letters of a legacy font, which stand as Latin-1 characters in a Unicode page, as what the font shows.

    Args:
        text: Text set in the font.  Text with Vietnamese letters that Latin-1 lacks is Unicode already and is returned
            as it is; see :func:`is_legacy_text` for the cases that this leaves open.
        encoding: ``tcvn3``, ``vni`` or ``viscii`` (see :func:`font_encoding`).

    Raises:
        ValueError: for any other encoding.
    """
    if encoding not in _FONT_TABLES:
        raise ValueError(f"{encoding!r} is no legacy font encoding; known: {', '.join(sorted(_FONT_TABLES))}")
    if _UNICODE_ONLY.search(text):
        return text
    if encoding == "vni":
        return _VNI.sub(_vni_letter, text)
    return composed(text.translate(_FONT_TABLES[encoding]))
