"""Named recognisers of the widgets that portals wrap around their articles.

Two kinds of evidence: what the markup calls an element (class and id), and what a block says when it says nothing else
(a label, a label with a number). A label inside a sentence is no evidence: articles speak of votes, counters and
weather, too.
"""

from __future__ import annotations

import re
from functools import lru_cache

from portal_crawler.extraction.page import Element

# What is to be printed is the article: "tableforprint", "print-content".
_PRINT = r"(?<!for)(?<!tbl)(?<!area)(?<!content)print(?!ed|able|[-_]?(?:content|area|body|section))"
# Buttons for the size of the letters; "font-size-26" but tells which they have.
_FONT = r"font-?size(?![-_]?\d)"
# Class or id -> widget. The first that matches counts, so the more telling names come first.
_MARKS: tuple[tuple[str, str], ...] = (
    ("archive_toolbar", r"wm-ipp|wayback|donato"),
    ("account", r"view-content-author|posted-?by|nguoi-?_?dang"),
    ("skip_link", r"skip-?(?:to|link|nav)|to-content"),
    ("visit_counter", r"counter|hit-?count|visit|thong-?_?ke-?_?truy|luot-?_?truy|online-?users?|statistic"),
    ("perpetual_calendar", r"lich-?_?van-?_?nien|calendar|am-?lich|lunar|lichvannien"),
    ("weather", r"weather|thoi-?_?tiet"),
    ("poll", r"poll(?!ut)|voting|\bvotes?\b|tham-?_?do|survey|binh-?_?chon"),
    ("login", r"log-?in|dang-?_?nhap|sign-?in"),
    ("search", r"search|tim-?_?kiem"),
    ("table_of_contents", r"\btoc\b|ez-toc|lwptoc|table-of-contents|muc-?_?luc\b"),
    ("breadcrumb", r"bread-?_?crumb|breakcolumn|pathway|chuyen-?_?muc"),
    ("comments", r"comment|binh-?_?luan|y-?kien|disqus|respond"),
    ("rating", r"rating|\brate\b|\bstars?\b|danh-?_?gia"),
    ("related_news", r"relat|other-?_?(?:news|title)|tin-?_?khac|lien-?_?quan|box_other|tophits|most-?read"),
    ("share_bar", r"\bshar(?:e|ing)|social|addthis|fb-(?:like|share)|facebook|twitter|zalo|sticky-share"),
    ("print_tools", rf"{_PRINT}|tool-?bar|\btools?\b|asset-control|{_FONT}|send-?mail|news-detail-player"),
    ("author_box", r"author-?_?(?:box|bio|desc)|about-?_?author"),
    ("tags", r"\btags?\b|tag-?(?:list|cloud|links|summary)|keywords?|tu-?_?khoa"),
    ("language_switch", r"\blang(?:uage)?s?\b|language"),
    ("link_box", r"web-?link|link-?web|lien-?_?ket|\blinks\b|blogroll"),
    ("footer", r"foot(?:er)?\b|footer|copyright|ban-?_?quyen|chan-?trang"),
    ("banner", r"banner|marquee|slide|carousel|advert|\bads?\b|quang-?_?cao|pop-?up|promo|sponsor"),
    ("menu", r"\bnav|navi|menu|side-?_?bar|top-?bar|header|masthead|site-?map|toggle|megadrop"),
)  # fmt: skip
_MARK = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _MARKS), re.IGNORECASE)
# Classes of Word's own (MsoFooter, MsoCommentText): what is pasted from it is text.
_WORD = re.compile(r"\bMso\w+", re.IGNORECASE)
_TAGS = {"nav": "menu", "footer": "footer", "header": "menu", "form": "form", "marquee": "banner", "aside": "sidebar"}

# A whole block -> widget. Numbers stand for the counters' figures.
_FIGURES = r"\s*[:\uff1a]?\s*[\d.,\s]*"
# The condition under which a text may be used again, as some systems print it below each article.
_REUSE = r"(?:chú ý|lưu ý)\W+(?:việc )?(?:đăng lại|sao chép|trích dẫn) .*"
# The account that entered the text, where it is nobody's name.
_ACCOUNT = (
    r"(?:(?:được |đã )?(?:viết|đăng|gửi|tạo) bởi|người (?:đăng|gửi)|posted by|written by)\W+"
    r"(?:admin(?:istrator)?|super user|quản trị(?: viên| hệ thống| website)?|biên tập viên|ban biên tập)\W?"
)
# What players that read the text aloud say; once they have begun, time and speed as well.
_SPOKEN = r"(?:giọng (?:đọc|nam|nữ)(?: miền (?:bắc|trung|nam))?|tốc độ(?: đọc)?|nghe (?:bài viết|đọc bài|tin))"
_PLAYER = rf"{_SPOKEN}[\s:,|]*(?:(?:{_SPOKEN}|\d{{1,2}}:\d\d|\d(?:[.,]\d+)?x)[\s:,|/]*)*"
# Hours, days, months and years as the lunar calendar names them, several in a row.
_LUNAR_NAMES = (
    r"(?:\W*(?:giờ|ngày|tháng|năm) (?:giáp|ất|bính|đinh|mậu|kỷ|canh|tân|nhâm|quý)"
    r" (?:tý|sửu|dần|mão|thìn|tỵ|ngọ|mùi|thân|dậu|tuất|hợi)){2,}\W*"
)
# The section that a page names with its label, as WordPress does below a text.
_SECTION = r"chuyên mục\s*:\s*[^.!?:]{0,60}(?:\. đánh dấu .*)?"
_TAGS_LABEL = r"(?:tags?|từ kh[óo][áa])\s*:"
_POSTED_IN = r"this entry was posted (?:in|on|by)\b.*"  # the same in English
_NO_COMMENTS = r"(?:không|chưa) có (?:bình luận|phản hồi)(?: nào)?"
_READ_TIMES = r"(?:đã )?(?:đọc|xem)\s*:?\s*[\d.,]+\s*lần(?:\s*sửa lần cuối .*)?"
_VIEWS = r"[\d.,]+\s?[kK]?\s(?:lượt|lần|người) (?:xem|đọc)"
# What stands above an advertisement, and is left of one that was blocked.
_ADVERTISEMENT = r"\W*(?:quảng cáo|advertisements?)\W*"
_GUEST = r"bạn là (?:người |vị )?khách (?:truy cập |viếng thăm )?thứ" + _FIGURES
_SAYS: dict[str, tuple[str, ...]] = {
    "account": (_ACCOUNT, r"bởi|by"),
    "visit_counter": (
        r"\W?(?:(?:số )?(?:lượt |người )?đang (?:truy cập|online|xem)|số lượt đang online|hôm nay|hôm qua)" + _FIGURES,
        r"\W?(?:(?:trong )?(?:tuần|tháng|năm)(?: này| trước| hiện tại| nay)?|tất cả)" + _FIGURES,
        r"\W?(?:tổng(?: số)?(?: lượt)?(?: truy cập)?|thống kê truy c[âậ]p)" + _FIGURES,
        r"\W?(?:số )?(?:lượt|người) truy cập(?: hôm (?:nay|qua)| (?:tuần|tháng|năm) (?:này|trước|nay))?" + _FIGURES,
        r"\W?(?:khách viếng thăm|thành viên online|máy chủ tìm kiếm|người trực tuyến|online|visitors?)" + _FIGURES,
        r"\W?(?:view count|views?|(?:số )?(?:lượt|lần)(?: người)? (?:xem|đọc)|đã xem)" + _FIGURES,
        _VIEWS,
        _READ_TIMES,
        _GUEST,
    ),
    "perpetual_calendar": (r"lịch vạn niên", r"âm lịch(?:\W.*)?", r"ngày hoàng đạo.*", _LUNAR_NAMES),
    "weather": (r"(?:thông tin |dự báo )?thời tiết",),
    "exchange_rate": (r"tỷ giá(?: ngoại tệ)?(?:\W+giá vàng)?|giá vàng(?:\W+tỷ giá)?",),
    "utilities": (r"thông tin tiện ích", r"tiện ích(?: khác)?"),
    "print_tools": (
        r"in(?: ra| bài viết| trang| tin)?|bản in|print|e-?mail",
        r"gửi (?:mail|email|bài viết qua email)|lưu bài viết này|giới thiệu bài viết cho bạn bè",
        r"(?:xem )?cỡ chữ|a[-+]|tương phản|(?:nghe )?đọc bài(?: viết)?",
        _PLAYER,
    ),
    "share_bar": (r"chia sẻ(?: bài viết)?\W?", r"share|tweet|facebook|twitter|zalo|google\+?|like|thích"),
    "rating": (
        r"click để đánh giá bài viết|tổng số điểm của bài viết.*",
        r"đánh giá(?: bài viết)?\W?|(?:rất )?(?:kém|tốt)|bình thường",
    ),
    "related_news": (
        (
            r"(?:các |những )?(?:tin|bài|bài viết|tin tức)(?: bài)?"
            r"(?: (?:khác|liên quan|cùng (?:chuyên mục|loại|chủ đề|danh mục)|mới hơn|cũ hơn|đã đưa|mới nhất"
            r"|(?:xem|đọc) nhiều))+\W?"
        ),
        r"(?:các )?văn bản (?:khác|mới nhất|cùng (?:loại|lĩnh vực|chuyên mục))\W?",
        r"other news|related(?: news| articles)?\W?|theo dòng sự kiện|xem thêm\W?",
        r"(?:có thể )?bạn (?:có thể )?quan tâm\W?|(?:đọc|xem) nhiều(?: nhất)?\W?",
    ),
    "comments": (
        r"(?:ý kiến bạn đọc|bình luận)(?: \(\d+\))?|gửi (?:bình luận|phản hồi|ý kiến)(?: của bạn)?",
        r"viết bình luận(?: mới)?|mã bảo mật",
    ),
    "comment_count": (_NO_COMMENTS,),
    "poll": (r"thăm dò ý kiến|bình chọn|biểu quyết|kết quả",),
    "login": (r"đăng nhập|đăng ký|đăng xuất|sign in|login",),
    "skip_link": (
        r"truy cập nội dung luôn|\W*(?:về|lên|(?:quay|trở) (?:lại|về|lên)) đầu trang\W*|skip to (?:main )?content",
    ),
    "link_box": (r"(?:website )?liên kết(?: website| web| trang)?|chọn liên kết|-- liên kết web --",),
    "breadcrumb": (r"trang chủ|trang nhất|home", _SECTION, _POSTED_IN),
    "footer": (
        r"(?:©|bản quyền thuộc|thiết kế bởi|powered by|ghi rõ nguồn|chịu trách nhiệm (?:về )?nội dung).*",
        r"(?:giấy phép số|cơ quan chủ quản).*",
        _REUSE,
    ),
    "archive_toolbar": (r"about this capture|collected by|wayback machine",),
    "banner": (_ADVERTISEMENT,),
    "feedback": (r"tiếp nhận ý kiến|góp ý|hỏi đáp|liên hệ",),
    "tags": (_TAGS_LABEL,),
    "media_box": (r"hình ảnh hoạt động|thư viện (?:ảnh|video|hình ảnh)|video(?: clip)?|tin ảnh",),
}
_SAID = re.compile("|".join(f"(?P<{name}>{'|'.join(says)})" for name, says in _SAYS.items()), re.IGNORECASE)
# The labels that no article consists of, even in a cell of a table: "Năm 2023", "Tổng số", "Tốt", "Email", "Facebook"
# are headings and values of tables as well, and are left alone inside a text.
_SURELY: dict[str, tuple[str, ...]] = {
    "account": (_ACCOUNT,),
    "visit_counter": (
        r"\W?(?:(?:số )?(?:lượt |người )?đang (?:truy cập|online)|số lượt đang online)" + _FIGURES,
        r"\W?(?:hôm nay|hôm qua|tất cả)\s*[:\uff1a]\s*[\d.,]+",
        r"\W?(?:trong )?(?:tuần|tháng|năm) (?:này|trước|hiện tại|nay)\s*[:\uff1a]\s*[\d.,]+",
        r"\W?(?:tổng(?: số)? (?:lượt )?truy cập|(?:số )?lượt truy cập|thống kê truy c[âậ]p)" + _FIGURES,
        r"\W?(?:khách viếng thăm|thành viên online|máy chủ tìm kiếm|người trực tuyến)" + _FIGURES,
        r"\W?(?:view count|(?:số )?(?:lượt|lần)(?: người)? (?:xem|đọc)|đã xem)\s*[:\uff1a]\s*[\d.,]+",
        _VIEWS,
        _READ_TIMES,
        _GUEST,
    ),
    "perpetual_calendar": (r"lịch vạn niên", r"ngày hoàng đạo.*", _LUNAR_NAMES),
    "utilities": (r"thông tin tiện ích",),
    "print_tools": (
        r"in ra|in (?:bài viết|trang)|bản in|lưu bài viết này|giới thiệu bài viết cho bạn bè",
        r"gửi (?:mail|email|bài viết qua email)|(?:xem )?cỡ chữ|(?:nghe )?đọc bài viết|in bài viết gửi mail",
        _PLAYER,
    ),
    "share_bar": (r"chia sẻ bài viết\W?", r"tweet"),
    "rating": (r"click để đánh giá bài viết|tổng số điểm của bài viết.*|đánh giá bài viết\W?",),
    "related_news": _SAYS["related_news"],
    "comments": (
        r"ý kiến bạn đọc(?: \(\d+\))?|mã bảo mật|bình luận \(\d+\)",
        r"gửi (?:(?:bình luận|phản hồi)(?: của bạn)?|ý kiến của bạn)",
    ),
    "comment_count": (_NO_COMMENTS,),
    "breadcrumb": (_SECTION, _POSTED_IN),
    "tags": (_TAGS_LABEL,),
    "skip_link": _SAYS["skip_link"],
    "banner": (_ADVERTISEMENT,),
    "footer": (_REUSE,),
    "archive_toolbar": _SAYS["archive_toolbar"],
}
_SAID_SURELY = re.compile("|".join(f"(?P<{name}>{'|'.join(says)})" for name, says in _SURELY.items()), re.IGNORECASE)
# What no label is longer than, in characters.
_LONGEST_LABEL = 240

# Tools of the page that stand above whatever its text begins with, and are no heading.
TOOLS = frozenset(("print_tools", "share_bar", "account", "skip_link", "comment_count"))

# Headings after which the rest of the page leads elsewhere.
ENDINGS = frozenset(("related_news", "comments", "rating", "tags"))


@lru_cache(maxsize=20_000)
def _named(marks: str) -> str | None:
    found = _MARK.search(_WORD.sub("", marks))
    return found.lastgroup if found else None


def named(element: Element) -> str | None:
    """The widget that an element's class and id (or its tag) name, if any."""
    return named_so(element.tag, element.get("class"), element.get("id"))


def named_so(tag: str, classes: str | None, name: str | None) -> str | None:
    """As :func:`named`, for an element of that tag, class and id."""
    if (classes is not None or name is not None) and (widget := _named(f"{classes or ''} {name or ''}")):
        return widget
    return _TAGS.get(tag)


@lru_cache(maxsize=20_000)
def _said(text: str) -> str | None:
    """The label, remembered: menus say the same on every page of a site."""
    found = _SAID.fullmatch(text)
    return found.lastgroup if found else None


def says_surely(text: str) -> str | None:
    """As :func:`says`, for the labels that are no part of an article even where they stand in its midst."""
    if len(text) > _LONGEST_LABEL or _said(text) is None:
        return None
    found = _SAID_SURELY.fullmatch(text)
    return found.lastgroup if found else None


def says(text: str) -> str | None:
    """The widget whose label a block is, as a whole; None for anything that says more."""
    return _said(text) if len(text) <= _LONGEST_LABEL else None
