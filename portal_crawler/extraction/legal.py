"""Legal documents: their numbers, their types, and the record on their detail pages.

Numbers follow Decree 30/2020/NĐ-CP (and 34/2016/NĐ-CP for normative documents): ``28/2015/TT-BLĐTBXH``,
``1811/QĐ-UBND``, ``4507/BGTVT-TTCNTT``, ``80/2015/QH13``; the party writes ``05-NQ/TU``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from lxml import etree

from portal_crawler.extraction.dates import parse_date
from portal_crawler.extraction.decode import composed
from portal_crawler.extraction.page import element_text
from portal_crawler.items import LegalDocument

Element = etree._Element  # noqa: SLF001 - lxml gives its element type no public name

# ---------------------------------------------------------------------------------------------------------------------
# Numbers and types
# ---------------------------------------------------------------------------------------------------------------------

# Type of document by the first part of its symbol.  Some have no abbreviation that could not be an agency's, too.
_TYPE_NAMES = {
    "NQ": "Nghị quyết",
    "NĐ": "Nghị định",
    "QĐ": "Quyết định",
    "TT": "Thông tư",
    "TTLT": "Thông tư liên tịch",
    "VBHN": "Văn bản hợp nhất",
    "CT": "Chỉ thị",
    "QC": "Quy chế",
    "QyĐ": "Quy định",
    "TB": "Thông báo",
    "HD": "Hướng dẫn",
    "CTr": "Chương trình",
    "KH": "Kế hoạch",
    "PA": "Phương án",
    "ĐA": "Đề án",
    "BC": "Báo cáo",
    "BB": "Biên bản",
    "TTr": "Tờ trình",
    "CĐ": "Công điện",
    "GM": "Giấy mời",
    "GP": "Giấy phép",
    "KL": "Kết luận",
}
_UNABBREVIATED = (
    "Luật",
    "Bộ luật",
    "Hiến pháp",
    "Pháp lệnh",
    "Lệnh",
    "Thông cáo",
    "Công văn",
    "Dự án",
    "Hợp đồng",
    "Bản ghi nhớ",
    "Bản thỏa thuận",
    "Giấy ủy quyền",
    "Giấy giới thiệu",
    "Giấy nghỉ phép",
    "Phiếu gửi",
    "Phiếu chuyển",
    "Phiếu báo",
)
_NAMES = sorted((*_TYPE_NAMES.values(), *_UNABBREVIATED), key=len, reverse=True)
_NAME = re.compile(rf"\W*(?:dự thảo\s+)?({'|'.join(_NAMES)})(?!\w|\s+(?:sư|viên)\b)", re.IGNORECASE)
# Abbreviations that agencies and their units share (Thanh tra, Cục Thuế, Pháp chế): they are types before these only.
_AMBIGUOUS = {"TT": re.compile("B|NHNN|VKS|TANDTC|TTCP|UBDT|KTNN|VPCP"), "CT": re.compile("TTg|UBND|T[UW]|B[A-Z]")}

_PART = r"[A-ZĐ&][A-Za-zĐđÀ-ỹ&]{0,24}+\d{0,2}+"
_TYPED = "|".join(_TYPE_NAMES)
# Hasty writers put spaces around the first hyphen ("QĐ - UBND") or behind later ones.  Possessive throughout: a long
# run of capitals is read once.
_NUMBER = re.compile(
    r"(?<![\w/.])\d{1,5}[a-zA-Z]?(?:/(?:19|20)\d\d)?(?P<join>\s?[-/]-?\s?)(?!(?:GMT|UTC)\b)"
    rf"(?P<symbol>(?:(?:{_TYPED})\s?-\s?(?={_PART}))?"
    rf"{_PART}(?:[./-]{_PART}|-\s[A-ZĐ&]{{2,24}}+(?!\w)){{0,8}}+)(?!\w)"
)
_CAPITALS = 2


def find_numbers(text: str) -> list[str]:
    """The document numbers in a text, as printed, each once.

    Dates, quotients, telephone numbers and standards (TCVN 5712:1993, 24/7, 18/04/2018) are none.
    """
    found: dict[str, None] = {}
    for match in _NUMBER.finditer(text):
        symbol = match["symbol"]
        hyphen_first = "-" in match["join"] and "/" not in match["join"]
        if sum(map(str.isupper, symbol)) < _CAPITALS or (hyphen_first and "/" not in symbol):
            continue  # "12/Hà", "2-TP.HCM"
        found[match[0]] = None
    return list(found)


def document_type(text: str) -> str | None:
    """The type of a document, by the name that a text begins with or by the symbol of the first number in it.

    Args:
        text: A title ("QUYẾT ĐỊNH Về việc ..."), a cell ("Quyết định") or a number ("1811/QĐ-UBND").

    Returns:
        The name with a capital first letter; None for what does not say it.  Official letters (4507/BGTVT-TTCNTT) have
        no type in their number, and laws and resolutions of the National Assembly share theirs (QH13).
    """
    text = composed(text)
    if (match := _NAME.match(text)) is not None:
        return " ".join(match[1].split()).capitalize()
    for number in find_numbers(text)[:1]:
        symbol = re.sub(r"^\d+[a-zA-Z]?(?:/(?:19|20)\d\d)?\s?[-/]-?\s?", "", number)
        first, _, rest = symbol.replace("/", "-").partition("-")
        needed = _AMBIGUOUS.get(first.strip())
        if needed is None or needed.match(rest.strip()):
            return _TYPE_NAMES.get(first.strip())
    return None


# ---------------------------------------------------------------------------------------------------------------------
# The record
# ---------------------------------------------------------------------------------------------------------------------

_LABELS = {
    "number": "số ký hiệu|số kí hiệu|số/ký hiệu|số/kí hiệu|số hiệu|số và ký hiệu|số hiệu văn bản|số ký hiệu văn bản"
    "|số văn bản|ký hiệu văn bản|legislation code|document number|document code|legislation number",
    "type": "loại văn bản|hình thức văn bản|thể loại văn bản|thể loại|loại vb|legislation type|document type",
    "issuer": "cơ quan ban hành|nơi ban hành|đơn vị ban hành|cơ quan/đơn vị ban hành|cq ban hành"
    "|cơ quan ban hành văn bản|tổ chức ban hành|agencies issued|issuing agency|issuing body|issued by",
    "signer": "người ký|người kí|người ký duyệt|người ký văn bản|signer|signed by",
    "issued_on": "ngày ban hành|ngày ký|ngày kí|ngày văn bản|ngày ban hành văn bản|ngày ký ban hành|thời gian ban hành"
    "|ngày ra văn bản|issuing date|issued date|issue date|date of issue",
    "effective_on": "ngày có hiệu lực|ngày hiệu lực|ngày bắt đầu hiệu lực|ngày bắt đầu có hiệu lực|hiệu lực từ"
    "|hiệu lực từ ngày|có hiệu lực từ|có hiệu lực từ ngày|thời điểm có hiệu lực|effective date",
    "expires_on": "ngày hết hiệu lực|hết hiệu lực từ ngày|ngày hết hạn hiệu lực|expiry date|expiration date",
    "field_of_law": "lĩnh vực|lĩnh vực văn bản",
    "status": "tình trạng|tình trạng hiệu lực|hiệu lực|hiệu lực văn bản|trạng thái|status",
    "summary": "trích yếu|trích yếu nội dung|nội dung trích yếu|trích yếu văn bản|tên văn bản|subject|abstract",
    # Labels of a record whose values have their own place, or none.
    "": "file đính kèm|tệp đính kèm|tập tin đính kèm|tải tập tin|tệp văn bản|văn bản liên quan|văn bản thay thế|chức vụ"
    "|published time|file attach|other legislation|số công báo|ngày công báo|ngày đăng công báo|nội dung|phạm vi",
}
_FIELDS = {label: field for field, labels in _LABELS.items() for label in labels.split("|")}
# Labels that mean this only in a table of such labels.
_WEAK_FIELDS = {
    "số": "number",
    "ký hiệu": "number",
    "code": "number",
    "hình thức": "type",
    "về việc": "summary",
    "tiêu đề": "summary",
    "field": "field_of_law",
}
_DATES = ("issued_on", "effective_on", "expires_on")
# fmt: off
_NO_VALUE = frozenset((
    "", "khác", "đã biết", "đang cập nhật", "chưa cập nhật", "chưa xác định", "không xác định", "không có", "không",
    "n/a", "null",
))
# fmt: on
_DATE_LABEL = re.compile("|".join(label for label, field in _FIELDS.items() if field in _DATES))
_FEW_FIELDS = 4


def _key(label: str) -> str:
    label = composed(label).lower()
    label = re.sub(r"\s*/\s*", "/", " ".join(label.split()))
    return label.strip(" :.*•-–+")


def _value(text: str) -> str | None:
    text = " ".join(text.split()).strip(" :") if text else ""
    return None if text.lower().strip(" .*_-–—") in _NO_VALUE else text


def may_hold_record(text: str) -> bool:
    """Whether a text bears a label for the date of a document, as all records do: else there is none to be read."""
    return _DATE_LABEL.search(composed(text).lower()) is not None


def legal_record(rows: list[tuple[str, str]]) -> LegalDocument | None:
    """The record that label/value rows make.

    Args:
        rows: As :func:`label_rows` gives them, labels in Vietnamese or English.

    Returns:
        None unless they are a record: they have a label for the number or the issuer, one for a date, and a number, an
        issuer or a summary for value; and they are one, not a listing of several.  What a portal hides or leaves open
        ("***", "Đã biết", "Khác", "Đang cập nhật") is None.
    """
    record, repeated = _first_record(rows)
    if not {"number", "issuer"} & set(record) or not set(_DATES) & set(record):
        return None
    if repeated and len(record) < _FEW_FIELDS:
        return None
    values = {field: _value(text) for field, text in record.items()}
    for field in _DATES:
        day = parse_date(values.get(field) or "")
        values[field] = day.value[:10] if day else None
    if (number := values.get("number")) is not None and not re.search(r"\d", number):
        values["number"] = None
    if (status := values.get("status")) is not None and parse_date(status) is not None:
        values["status"] = None
    if not (values.get("number") or values.get("issuer") or values.get("summary")):
        return None
    values["type"] = values.get("type") or document_type(values.get("number") or "")
    return LegalDocument(**values)


def _first_record(rows: list[tuple[str, str]]) -> tuple[dict[str, str], bool]:
    """The fields of the first record among rows, and whether others follow."""
    record: dict[str, str] = {}
    repeated = False
    for label, value in rows:
        key = _key(label)
        field = _FIELDS.get(key)
        if field == "number" and "number" in record:
            repeated = repeated or record["number"] != value
            if repeated:
                break
        if field:
            record.setdefault(field, value)
    if {"number", "issuer", *_DATES} & set(record):
        for label, value in rows:
            if weak := _WEAK_FIELDS.get(_key(label)):
                record.setdefault(weak, value)
    return record, repeated


# ---------------------------------------------------------------------------------------------------------------------
# Rows of a page
# ---------------------------------------------------------------------------------------------------------------------

# fmt: off
_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "caption", "center", "dd", "div", "dl", "dt", "fieldset", "figure",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "li", "main", "nav", "ol", "p", "pre", "section",
    "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
))
# fmt: on
_LONGEST_LABEL = 60  # characters
_MOST_ELEMENTS = 500  # of a value
# A known label and its colon, at a line's beginning or after a separator.
_LABEL_IN_LINE = re.compile(
    rf"(?:^|[\s|;,•+–-])({'|'.join(sorted(map(re.escape, (*_FIELDS, *_WEAK_FIELDS)), key=len, reverse=True))})\s*:",
    re.IGNORECASE,
)


def is_label(text: str) -> bool:
    """Whether a text is the label of a field of such records, and nothing else."""
    return len(text) <= _LONGEST_LABEL and _key(text) in _FIELDS


def label_rows(element: Element) -> list[tuple[str, str]]:
    """The label/value pairs under an element, in document order, white space collapsed.

    Pairs are read from table rows of two cells (or of four: label, value, label, value), from definition lists, from
    lines ``label: value``, from a block whose first inline element holds a known label and nothing else, and from a
    block that is such a label, whose value stands in the next block.  Rows and lists give any label; lines and blocks
    only those of legal documents.
    """
    rows: list[tuple[str, str]] = []
    done: Element | None = None  # the element whose pairs were read: what is inside it is passed over
    for event, node in etree.iterwalk(element, events=("start", "end")):
        if event == "start" and done is None and isinstance(node.tag, str):
            if pairs := _pairs(node):
                rows += pairs
                done = node
        elif event == "end" and node is done:
            done = None
    return rows


def _pairs(node: Element) -> list[tuple[str, str]]:
    if node.tag == "tr":
        return _row_pairs(node)
    if node.tag == "dl":
        return list(_definitions(node))
    if node.tag in _BLOCKS and not any(child.tag in _BLOCKS for child in node.iterdescendants()):
        return _block_pairs(node)
    return []


def _row_pairs(row: Element) -> list[tuple[str, str]]:
    cells = [cell for cell in row if cell.tag in ("td", "th")]
    if any(next(cell.iterdescendants("tr"), None) is not None for cell in cells):
        return []  # a table for layout
    cells = [cell for cell in cells if element_text(cell) != ":"]
    texts = [element_text(cell) for cell in cells]
    labels, values = cells[::2], texts[1::2]
    if not cells or len(cells) % 2 or all(cell.tag == "th" for cell in cells):
        return []
    if len(cells) > 2 and not all(_is_label(cell) for cell in labels):
        return []  # a row of a listing
    if any(_key(text) in _FIELDS for text in values):
        return []  # the header of one
    pairs = list(zip(texts[::2], values, strict=True))
    return [(label.rstrip(" :"), value) for label, value in pairs if label and len(label) <= _LONGEST_LABEL]


def _is_label(cell: Element) -> bool:
    text = element_text(cell)
    return cell.tag == "th" or text.endswith(":") or _key(text) in _FIELDS or _key(text) in _WEAK_FIELDS


def _definitions(node: Element) -> Iterator[tuple[str, str]]:
    label, values = "", list[str]()
    for part in node.iter("dt", "dd"):
        if part.tag == "dt":
            if label and values:
                yield label, ", ".join(values)
            label, values = element_text(part).rstrip(" :"), []
        elif text := element_text(part):
            values.append(text)
    if label and values:
        yield label, ", ".join(values)


def _block_pairs(node: Element) -> list[tuple[str, str]]:
    """Pairs of a block without blocks in it."""
    lines = _lines(node)
    if len(lines) == 1 and _FIELDS.get(_key(lines[0])) is not None:
        following = node.getnext()
        if following is None or not isinstance(following.tag, str) or _is_large(following):
            return []
        value = element_text(following)
        return [(lines[0].rstrip(" :"), value)] if value and _key(value) not in _FIELDS and len(value) < 2000 else []
    return _marked_pair(node, lines) or [pair for line in lines for pair in _line_pairs(line)]


def _is_large(element: Element) -> bool:
    """Whether an element holds more than a value: to read all of what nests deeply at each level takes minutes."""
    return next(islice(element.iter(), _MOST_ELEMENTS, None), None) is not None


def _marked_pair(node: Element, lines: list[str]) -> list[tuple[str, str]]:
    """The pair of a line whose label has an element of its own: it needs no colon there."""
    first = next((child for child in node if isinstance(child.tag, str)), None)
    if first is None or len(lines) != 1 or (node.text or "").strip():
        return []
    label = element_text(first)
    value = lines[0].removeprefix(label).strip(" :")
    return [(label.rstrip(" :"), value)] if value and _FIELDS.get(_key(label)) is not None else []


def _line_pairs(line: str) -> Iterator[tuple[str, str]]:
    found = list(_LABEL_IN_LINE.finditer(line))
    if not found or found[0].start() > 2:  # a sentence that mentions one
        return
    ends = [match.start() for match in found[1:]] + [len(line)]
    for match, end in zip(found, ends, strict=True):
        yield match[1], line[match.end() : end].strip(" |;,•+–-")


def _lines(node: Element) -> list[str]:
    """The lines of a block: its text, cut at ``<br>``."""
    parts: list[str] = [node.text or ""]
    for child in node.iterdescendants():
        if isinstance(child.tag, str) and child.tag not in ("script", "style"):
            parts.append("\n" if child.tag == "br" else "")
            parts.append((child.text or "").replace("\n", " "))
        parts.append((child.tail or "").replace("\n", " "))
    parts[0] = parts[0].replace("\n", " ")
    lines = (composed(" ".join(line.split())) for line in "".join(parts).split("\n"))
    return [line for line in lines if line]
