"""What stands around the articles: calendars, counters, polls, link boxes, menus, footers. Some change at every visit."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from itertools import count

from portal_crawler.sample.departments import Department
from portal_crawler.sample.grammar import grouped

WEEKDAYS = ("Thứ hai", "Thứ ba", "Thứ tư", "Thứ năm", "Thứ sáu", "Thứ bảy", "Chủ nhật")
STEMS = ("Canh", "Tân", "Nhâm", "Quý", "Giáp", "Ất", "Bính", "Đinh", "Mậu", "Kỷ")
BRANCHES = ("Thân", "Dậu", "Tuất", "Hợi", "Tý", "Sửu", "Dần", "Mão", "Thìn", "Tỵ", "Ngọ", "Mùi")
SKIES = ("Nắng nhẹ, gió nhẹ", "Nhiều mây, có mưa vài nơi", "Ít mây, trời nắng", "Mưa rào và dông rải rác")

MENUS = {
    "Giới thiệu": ("Chức năng, nhiệm vụ", "Cơ cấu tổ chức", "Lãnh đạo Sở", "Phòng chuyên môn", "Đơn vị trực thuộc",
                   "Lịch sử hình thành", "Thành tích thi đua", "Bản đồ hành chính"),
    "Chỉ đạo điều hành": ("Ý kiến chỉ đạo của lãnh đạo", "Lịch công tác tuần", "Khen thưởng - Xử phạt",
                          "Chương trình công tác", "Thông tin báo cáo", "Kết luận cuộc họp"),
    "Thủ tục hành chính": ("Bộ thủ tục cấp tỉnh", "Bộ thủ tục cấp huyện", "Bộ thủ tục cấp xã", "Tra cứu hồ sơ",
                           "Biểu mẫu điện tử", "Phản ánh kiến nghị", "Quy trình nội bộ"),
    "Dịch vụ công": ("Dịch vụ công toàn trình", "Dịch vụ công một phần", "Hướng dẫn nộp hồ sơ", "Thanh toán trực tuyến",
                     "Đánh giá mức độ hài lòng", "Câu hỏi thường gặp"),
    "Công khai": ("Công khai ngân sách", "Công khai mua sắm", "Danh mục dự án", "Đấu thầu mua sắm công",
                  "Kê khai tài sản", "Kết luận thanh tra"),
    "Quy hoạch - Kế hoạch": ("Chiến lược phát triển", "Quy hoạch ngành", "Kế hoạch năm", "Đề án, dự án",
                             "Chương trình mục tiêu", "Số liệu thống kê"),
    "Cải cách hành chính": ("Kế hoạch cải cách", "Chỉ số năng lực", "Kiểm soát thủ tục", "Chuyển đổi số",
                            "Hệ thống quản lý chất lượng"),
    "Đảng - Đoàn thể": ("Đảng bộ cơ quan", "Công đoàn", "Đoàn thanh niên", "Hội cựu chiến binh",
                        "Học tập và làm theo lời Bác"),
    "Tiếp công dân": ("Lịch tiếp công dân", "Trả lời kiến nghị", "Đường dây nóng", "Hộp thư góp ý"),
    "Hỏi đáp - Liên hệ": ("Hỏi đáp", "Góp ý", "Liên hệ", "Sơ đồ cổng", "Danh bạ điện tử", "Thư điện tử công vụ"),
}  # fmt: skip
WEBSITES = ("Cổng thông tin điện tử tỉnh Lam Châu", "Cổng dịch vụ công tỉnh", "Công báo tỉnh", "Văn phòng UBND tỉnh",
            "Sở Nội vụ", "Sở Tài chính", "Sở Xây dựng", "Sở Công Thương", "Sở Khoa học và Công nghệ", "Sở Ngoại vụ",
            "Thanh tra tỉnh", "UBND huyện Thạch Lĩnh", "UBND huyện Vĩnh Sơn", "UBND huyện Hòa Trạch",
            "UBND huyện Đông Xuyên", "UBND huyện Yên Lạng", "UBND huyện Phú Lĩnh")  # fmt: skip
# What the links of the widgets lead to.
WIDGET_PAGES = ("Kết quả thăm dò", "Quên mật khẩu")
POLL = "Bạn đánh giá thế nào về giao diện của trang thông tin này?"
OPTIONS = ("Rất đẹp, dễ tìm thông tin", "Bình thường", "Cần cải tiến nhiều", "Ý kiến khác của bạn")
MARQUEE = "Nhiệt liệt chào mừng quý vị đến với trang thông tin điện tử của ngành"

# Strings that belong to no article, whatever the family of the portal.
STRINGS = (
    "Lịch vạn niên",
    "Hoàng đạo",
    "Tổng lượt truy cập",
    "Đang truy cập",
    "Hôm nay:",
    "Hôm nay 1",
    POLL,
    OPTIONS[0],
    OPTIONS[2],
    "Xem kết quả",
    "-- Chọn liên kết --",
    "Liên kết website",
    "Công báo tỉnh",
    "Tên đăng nhập",
    "Quên mật khẩu",
    "Nhiệt độ:",
    "Độ ẩm:",
    MARQUEE,
    "Bộ thủ tục cấp huyện",
    "Kê khai tài sản",
    "Chức năng, nhiệm vụ",
    "Bản quyền thuộc về",
    "Giấy phép số",
    "Chịu trách nhiệm nội dung:",
    "Về đầu trang",
    "Chia sẻ bài viết",
    "Nhấn vào đây để đánh giá",
    "admin admin",
)


@dataclass
class Widgets:
    """The widgets of one portal.

    Attributes:
        department: Whose portal it is.
        clock: Tells the time; tests give one that stands still.
        visits: Counts the requests.
    """

    department: Department
    clock: Callable[[], datetime]
    visits: Iterator[int] = field(default_factory=lambda: count(1))

    def counters(self) -> dict[str, str]:
        """The figures of the visit counter, which are others at every call."""
        visit = next(self.visits)
        start = 690_000 + self.department.first_number
        return {
            "Đang truy cập": grouped(3 + visit * 7 % 41),
            "Hôm nay": grouped(1_200 + visit),
            "Tháng hiện tại": grouped(38_000 + visit),
            "Tổng lượt truy cập": grouped(start + visit),
        }

    def calendar(self) -> str:
        """The perpetual calendar of the month, the day's cell marked."""
        now = self.clock()
        rows = []
        for week in calendar.Calendar().monthdayscalendar(now.year, now.month):
            cells = "".join(
                f'<td class="{"homnay" if day == now.day else "ngay"}">{day or "&nbsp;"}</td>' for day in week
            )
            rows.append(f"<tr>{cells}</tr>")
        name = f"{STEMS[now.year % 10]} {BRANCHES[now.year % 12]}"
        good = BRANCHES[now.timetuple().tm_yday % 12]
        head = "".join(f"<th>{day}</th>" for day in ("T2", "T3", "T4", "T5", "T6", "T7", "CN"))
        return (
            f'<table class="lichvannien" width="100%"><caption>Tháng {now.month} năm {now.year}</caption>'
            f"<tr>{head}</tr>{''.join(rows)}</table>"
            f"<div class='amlich'>Năm {name} - Giờ Hoàng đạo: {good}</div>"
        )

    def clock_line(self) -> str:
        """Day and date, as the page's head prints them."""
        now = self.clock()
        return f"{WEEKDAYS[now.weekday()]}, {now.day}/{now.month}/{now.year}"

    def weather(self) -> str:
        """The weather of the day."""
        now = self.clock()
        seed = now.timetuple().tm_yday * 24 + now.hour
        return (
            f'<div class="thoitiet"><b>Lam Châu</b><br>{SKIES[seed % 4]}<br>'
            f"Nhiệt độ: {19 + seed % 14}°C<br>Độ ẩm: {60 + seed % 35}%</div>"
        )

    def poll(self, action: str) -> str:
        """A poll."""
        options = "".join(
            f'<div><label><input type="radio" name="luachon" value="{place}"> {option}</label></div>'
            for place, option in enumerate(OPTIONS, 1)
        )
        return (
            f'<div class="thamdo"><p class="cauhoi">{POLL}</p>{options}'
            f'<input type="button" value="Bình chọn"> <a href="{action}">Xem kết quả</a></div>'
        )

    def links(self, identifier: str) -> str:
        """A box of links."""
        options = "".join(
            f'<option value="https://lienket{place}.lamchau.example/">{name}</option>'
            for place, name in enumerate(WEBSITES, 1)
        )
        return (
            f'<select id="{identifier}" onchange="window.open(this.value)"><option value="">-- Chọn liên kết --</option>'
            f"{options}</select>"
        )

    def login(self, forgotten: str) -> str:
        """Fields to log in with."""
        return (
            '<div class="dangnhap"><label>Tên đăng nhập <input type="text" name="taikhoan"></label>'
            '<label>Mật khẩu <input type="password" name="matkhau"></label>'
            f'<input type="button" value="Đăng nhập"> <a href="{forgotten}">Quên mật khẩu?</a></div>'
        )

    def share(self, url: str) -> str:
        """A bar to share a page with."""
        address = escape(url)
        return (
            f'<div class="chiase"><span>Chia sẻ bài viết</span> <a href="https://www.facebook.com/sharer.php?u={address}">'
            f'Facebook</a> <a href="https://twitter.com/share?url={address}">Twitter</a> '
            f'<a href="https://zalo.me/share?u={address}">Zalo</a> <a href="mailto:?subject={address}">Email</a></div>'
        )

    def rating(self) -> str:
        """A bar to rate an article with."""
        stars = "".join(f'<a href="javascript:void(0)" title="{star} sao">★</a>' for star in range(1, 6))
        return f'<div class="danhgia">{stars} <span>Nhấn vào đây để đánh giá bài viết</span></div>'

    def footer(self) -> str:
        """Who is responsible, where to find them."""
        department = self.department
        return (
            f"<p><b>Bản quyền thuộc về {department.title} tỉnh Lam Châu</b></p>"
            f"<p>Chịu trách nhiệm nội dung: Ban biên tập - {department.title}</p>"
            f"<p>Giấy phép số {department.step}/GP-STTTT cấp ngày 12/3/2019</p>"
            "<p>Địa chỉ: 18 đường Hùng Vương, thành phố Lam Thành, tỉnh Lam Châu. Điện thoại: (0200) 3 555 018. Email: "
            f'<a href="mailto:vanthu@{department.name}.lamchau.example">vanthu@{department.name}.lamchau.example</a></p>'
        )
