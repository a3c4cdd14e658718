"""Widgets are told by their markup, or by a label that is the whole block; never by a word in a sentence."""

from __future__ import annotations

import pytest
from lxml import etree

from portal_crawler.extraction.widgets import named, says


@pytest.mark.parametrize(
    ("text", "widget"),
    [
        ("Đang truy cập: 3", "visit_counter"),
        ("Tổng lượt truy cập: 690.756", "visit_counter"),
        ("SỐ LƯỢT ĐANG ONLINE", "visit_counter"),
        (".Hôm nay: 1204", "visit_counter"),
        ("View count: 65", "visit_counter"),
        ("Thống kê truy câp: 1.099.979", "visit_counter"),
        ("Lịch vạn niên", "perpetual_calendar"),
        ("THĂM DÒ Ý KIẾN", "poll"),
        ("Liên kết Website", "link_box"),
        ("Đăng nhập", "login"),
        ("In bài viết", "print_tools"),
        ("Gửi bài viết qua email", "print_tools"),
        ("Chia sẻ:", "share_bar"),
        ("Click để đánh giá bài viết", "rating"),
        ("Các tin khác", "related_news"),
        ("TIN ĐÃ ĐƯA", "related_news"),
        ("Những tin mới hơn", "related_news"),
        ("Ý kiến bạn đọc", "comments"),
        ("Ý kiến bạn đọc (12)", "comments"),
        ("Tin cùng loại", "related_news"),
        ("Văn bản khác", "related_news"),
        ("Giọng nữ miền BắcTốc độ đọc", "print_tools"),
        ("Nghe đọc bàiGiọng NamGiọng Nữ00:00 / 02:151x", "print_tools"),
        ("Viết bởi Administrator", "account"),
        ("Được viết bởi Super User", "account"),
        ("Về đầu trang", "skip_link"),
        ("trở lại đầu trang", "skip_link"),
        ("Đọc 1051 lầnSửa lần cuối vào Thứ năm, 10 Tháng 03 2016 10:45", "visit_counter"),
        ("Bạn là khách thứ: 21622", "visit_counter"),
        ("Giờ Canh Tý, ngày Đinh Dậu, tháng Kỷ Hợi, năm Bính Ngọ", "perpetual_calendar"),
        ("Không có bình luận", "comment_count"),
        ("Có thể bạn quan tâm", "related_news"),
        ("Chuyên mục: Tin tức - Sự kiện. Đánh dấu đường dẫn tĩnh.", "breadcrumb"),
        ("Truy cập nội dung luôn", "skip_link"),
        ("© Bản quyền thuộc về Sở Tư pháp", "footer"),
        ('Ghi rõ nguồn "Cổng thông tin" khi đăng lại', "footer"),
        ("About this capture", "archive_toolbar"),
    ],
)
def test_labels(text: str, widget: str) -> None:
    assert says(text) == widget


@pytest.mark.parametrize(
    "text",
    [
        "Hôm nay, Sở Tư pháp tổ chức hội nghị sơ kết sáu tháng đầu năm.",
        "Đại hội tiến hành biểu quyết, bình chọn ba tập thể tiêu biểu.",
        "Góp ý dự thảo Nghị quyết của Hội đồng nhân dân tỉnh",
        "Nhiệt liệt chào mừng các đồng chí đại biểu",
        "Lượt truy cập của trang tăng gấp đôi so với năm trước, đồng chí Giám đốc cho biết.",
        "Cơ quan quản lý chịu trách nhiệm về việc chia sẻ thông tin thời tiết cho người dân.",
        "Trong tuần qua, cả tỉnh có 12 vụ việc.",
        "Giọng nữ miền Bắc đoạt giải nhất hội thi.",
        "Viết bởi Nguyễn Thị Hạnh",
        "Đã đọc 3 lần các ý kiến góp ý",
        "Xuân Bính Ngọ",
        "Bạn là khách quý của xã",
        "Chuyên mục: đang được dựng lại. Mời bạn đọc quay lại sau!",
        "Thống kê giáo dục năm học 2020-2021",
    ],
)
def test_the_same_words_in_an_article(text: str) -> None:
    assert says(text) is None


@pytest.mark.parametrize(
    ("markup", "widget"),
    [
        ("<div class='divHitCount'/>", "visit_counter"),
        ("<div id='p_p_id_vistitor_counter_'/>", "visit_counter"),
        ("<div class='lich-van-nien'/>", "perpetual_calendar"),
        ("<div class='portlet-polls-display'/>", "poll"),
        ("<ul class='related_asset_list'/>", "related_news"),
        ("<table class='tbtinkhac'/>", "related_news"),
        ("<div class='addthis_toolbox'/>", "share_bar"),
        ("<div id='wm-ipp-base'/>", "archive_toolbar"),
        ("<div class='breadcrumbs'/>", "breadcrumb"),
        ("<nav/>", "menu"),
        ("<footer/>", "footer"),
        ("<div id='ez-toc-container'/>", "table_of_contents"),
        ("<div class='pollution'/>", None),
        ("<div class='news_column'/>", None),
        ("<p/>", None),
    ],
)
def test_markup(markup: str, widget: str | None) -> None:
    assert named(etree.fromstring(markup)) == widget
