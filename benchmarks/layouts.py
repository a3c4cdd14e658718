"""Articles set in page layouts that no gold page shows: old tables, bare divs, line breaks, pages without any class.

The public gold pages are of few systems; a model fitted to them alone learns their markup. What is varied here is what
differs between portals: how paragraphs are written, which columns stand around them, what the elements are called.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

MENU = (
    "Trang chủ", "Giới thiệu", "Tin tức - Sự kiện", "Văn bản chỉ đạo", "Thủ tục hành chính", "Dịch vụ công trực tuyến",
    "Hỏi đáp", "Liên hệ", "Cơ cấu tổ chức", "Lịch công tác", "Thông báo", "Chuyển đổi số", "Đấu thầu mua sắm công",
    "Công khai ngân sách", "Phổ biến pháp luật", "Thư viện ảnh", "Video", "Sơ đồ cổng", "English",
)  # fmt: skip
WIDGETS = (
    "Lịch vạn niên", "Đang truy cập: 12", "Hôm nay: 1.204", "Tổng lượt truy cập: 690.756", "Thời tiết", "Hà Nội 24°C",
    "Thăm dò ý kiến", "Theo bạn thông tin trên cổng thế nào?", "Rất đầy đủ", "Chưa đầy đủ", "Bình chọn", "Xem kết quả",
    "Liên kết website", "Chọn liên kết", "Tỷ giá - Giá vàng", "Số lượt xem: 341", "Hotline: 0233 3852 000",
    "Tiếp nhận phản ánh, kiến nghị của tổ chức và cá nhân về quy định hành chính",
    "Công khai kết quả giải quyết thủ tục hành chính trên địa bàn tỉnh năm 2023",
)  # fmt: skip
FOOT = (
    "Bản quyền thuộc về Cổng thông tin điện tử của Sở. Ghi rõ nguồn khi phát hành lại thông tin từ trang này.",
    "Chịu trách nhiệm nội dung: Giám đốc Sở. Điện thoại: 0233.3852.000 - Email: vanthu@tinh.gov.vn",
    "Địa chỉ: số 5 đường Hùng Vương, phường 1. Giấy phép số 08/GP-STTTT do Sở Thông tin và Truyền thông cấp.",
)
NAMES = (
    "",
    "",
    " class='box'",
    " class='portlet'",
    " id='left'",
    " class='block-content'",
    " class='Normal'",
    " align='left'",
)


def rebuilt(title: str, paragraphs: list[str], others: list[str], random: Random) -> str:
    """A page that holds an article and the boilerplate of a portal.

    Args:
        title: Its headline.
        paragraphs: Its text.
        others: Headlines of other articles, for the boxes of related and latest news.
        random: Draws the layout.
    """
    date = f"{random.randint(1, 28):02}/{random.randint(1, 12):02}/20{random.randint(10, 24)}"
    stamp = random.choice((f"Ngày đăng: {date}", f"{date} 08:{random.randint(10, 59)}", f"Thứ hai, {date}", ""))
    head = random.choice(
        ("<h1>{}</h1>", "<div class='title'>{}</div>", "<b>{}</b><br>", "<h2>{}</h2>", "<p><strong>{}</strong></p>")
    )
    article = head.format(escape(title)) + (f"<div>{stamp}</div>" if stamp else "") + _body(paragraphs, random)
    article += random.choice(("", "<p><a href='javascript:print()'>In bài viết</a> <a href='#'>Gửi email</a></p>"))
    if random.random() < 0.7:
        article += f"<div>{random.choice(('Tin liên quan', 'Các tin khác', 'Tin cùng chuyên mục'))}</div>" + _links(
            others, random
        )
    name = random.choice(
        ("", "", " class='noidung'", " class='content'", " id='ContentPane'", " class='article-detail'")
    )
    parts = [_column(random), f"<{{0}}{name}>{article}</{{0}}>", _column(random)]
    if random.random() < 0.3:
        parts.reverse()
    table = random.random() < 0.5
    middle = "".join(parts).format("td") if table else "".join(parts).format("div")
    menu = _links([*random.sample(MENU, random.randint(5, 12))], random)
    foot = "".join(f"<div>{escape(line)}</div>" for line in random.sample(FOOT, random.randint(1, 3)))
    middle = f"<table width='100%'><tr>{middle}</tr></table>" if table else middle
    shown = random.choice((title, "Chi tiết - Sở Nội vụ", f"{title} - Cổng thông tin điện tử"))
    return f"<html><head><title>{escape(shown)}</title></head><body><form>{menu}{middle}{foot}</form></body></html>"


def _body(paragraphs: list[str], random: Random) -> str:
    texts = [escape(text) for text in paragraphs]
    form = random.choice(("p", "div", "font", "span", "breaks", "p"))
    if form == "breaks":
        return "<div>" + random.choice(("<br>", "<br><br>", "<br/>\n<br/>")).join(texts) + "</div>"
    wrap = {
        "p": "<p{1}>{0}</p>", "div": "<div{1}>{0}</div>", "font": "<div><font face='Arial' size='2'>{0}</font></div>",
        "span": "<p{1}><span style='font-size:14px'>{0}</span></p>",
    }[form]  # fmt: skip
    name = random.choice(("", "", " class='MsoNormal'", " style='text-align:justify'"))
    spacer = random.choice(("", "", "<p>&nbsp;</p>", "<div><br></div>"))
    return spacer.join(wrap.format(text, name) for text in texts)


def _column(random: Random) -> str:
    """A column of boxes: counters, calendars, links; its element is filled in by the page."""
    boxes = []
    for _ in range(random.randint(0, 4)):
        lines = random.sample(WIDGETS, random.randint(2, 6))
        kind = random.random()
        if kind < 0.4:
            boxes.append(
                f"<div{random.choice(NAMES)}>" + "".join(f"<div>{escape(line)}</div>" for line in lines) + "</div>"
            )
        elif kind < 0.7:
            rows = "".join(f"<tr><td>{escape(line)}</td></tr>" for line in lines)
            boxes.append(f"<table{random.choice(NAMES)}>{rows}</table>")
        else:
            boxes.append(f"<h3>{escape(lines[0])}</h3>" + _links(lines[1:], random))
    return f"<{{0}}{random.choice(NAMES)}>{''.join(boxes)}</{{0}}>" if boxes else ""


def _links(texts: list[str], random: Random) -> str:
    form = random.choice(
        ("<li><a href='{0}'>{1}</a></li>", "<div><a href='{0}'>{1}</a></div>", "<a href='{0}'>{1}</a> | ")
    )
    return "<ul>" + "".join(form.format(f"/x{n}.html", escape(text)) for n, text in enumerate(texts)) + "</ul>"
