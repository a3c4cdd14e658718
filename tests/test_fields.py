"""The fields of an article beside its text, in the markup of many systems: read through the one door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from portal_crawler.extraction.article import extract
from portal_crawler.extraction.page import parse_page
from portal_crawler.extraction.template import Template
from portal_crawler.items import Article, Capture

HOST = "http://so.example.gov.vn"
URL = f"{HOST}/tin/chi-tiet-12.html"
TITLE = "Sở Nội vụ tổ chức hội nghị tổng kết công tác cải cách hành chính"
LEAD = "Sáng nay, tại hội trường, Sở Nội vụ đã tổ chức hội nghị tổng kết với hơn 100 đại biểu tham dự."
TEXT = (
    "Hội nghị đã nghe báo cáo kết quả thực hiện nhiệm vụ sáu tháng đầu năm và thảo luận phương hướng thời gian tới.",
    "Phát biểu tại hội nghị, lãnh đạo Sở ghi nhận những kết quả đã đạt được và yêu cầu các phòng khắc phục hạn chế.",
    "Các đơn vị trực thuộc cam kết hoàn thành kế hoạch được giao, bảo đảm tiến độ và chất lượng trong năm nay.",
)
NEWS = "".join(f'<li><a href="/tin/{n}.html">Đoàn công tác kiểm tra thực tế tại xã số {n}</a></li>' for n in range(6))
SIDE = (
    f'<div class="c2"><h4>Tin mới</h4><ul>{NEWS}</ul><h4>Văn bản mới</h4>'
    '<ul><li><a href="/vb/chung.pdf">Kế hoạch chung</a></li></ul><a href="http://a.vn"><img src="/qc.jpg"></a></div>'
)


@dataclass
class Site:
    name: str = "example"
    province: str | None = None
    department: str | None = None
    wrappers: tuple[Any, ...] = ()
    template: Any = None


def capture(
    *, head: str = "", above: str = "", between: str = "", body: str = "", behind: str = "", **texts: Any
) -> Capture:
    title = texts.get("title", f"<h1>{TITLE}</h1>")
    date = texts.get("date", '<p class="date">Ngày đăng: 05/03/2024 08:15</p>')
    paragraphs = "".join(f"<p>{one}</p>" for one in texts.get("text", TEXT))
    html = (
        f"<html><head><title>Chi tiết</title>{head}</head><body><div id='w'><img src='/logo.png'>"
        f"<div class='c1'>{above}{title}{date}{between}<div class='tx'>{paragraphs}{body}</div>{behind}</div>{SIDE}</div>"
        "</body></html>"
    )
    return Capture(url=URL, body=html.encode(), fetched_at=datetime(2024, 4, 6, 2, tzinfo=UTC))


def read(**parts: Any) -> Article:
    found = extract(capture(**parts), Site())
    assert isinstance(found, Article), found
    return found


def test_a_file_in_a_box_behind_other_news_is_not_attached() -> None:
    found = read()
    assert (found.attachments, found.images) == ([], [])
    assert found.text == "\n\n".join(TEXT)


FILES = {
    "Liferay": ('<a href="/documents/20182/33/Ke+hoach.pdf/4b7c9e1a-11d2">tại đây</a>', "Ke hoach.pdf"),
    "Liferay's program": ('<a href="/c/document_library/get_file?uuid=ab-1&groupId=2">Danh sách kèm theo</a>',
                          "Danh sách kèm theo"),
    "DotNetNuke": ('<table><tr><td>Kế hoạch số 5.doc</td><td>30 KB</td><td><a href="/LinkClick.aspx?fileticket=a%3d">'
                   '<img src="/images/download.gif" alt="Tải về"></a></td></tr></table>', "Kế hoạch số 5.doc"),
    "DOCman": ('<a href="/index.php?option=com_docman&task=doc_download&gid=7">Thông báo tuyển sinh</a>',
               "Thông báo tuyển sinh"),
    "ASP": ('<img src="/images/word.gif"> <a href="/download.asp?file=vb/cv12.doc">Tải file</a>', "cv12.doc"),
    "pdf.js": ('<iframe src="/pdfjs/web/viewer.html?file=%2Fvb%2F12.pdf#page=1"></iframe>', "12.pdf"),
    "Google": (f'<iframe src="https://docs.google.com/viewer?url={HOST}/vb/12.pdf&embedded=true"></iframe>', "12.pdf"),
    "Microsoft": (f'<iframe src="https://view.officeapps.live.com/op/embed.aspx?src={HOST}/vb/12.docx"></iframe>',
                  "12.docx"),
    "frame": ('<iframe src="/vb/12.pdf#toolbar=0"></iframe>', "12.pdf"),
    "audio": ('<audio controls src="/media/ban-tin-12.mp3"></audio>', "ban-tin-12.mp3"),
    "video": ('<video controls><source src="/media/12.mp4" type="video/mp4"></video>', "12.mp4"),
}  # fmt: skip


@pytest.mark.parametrize("system", FILES)
def test_files_that_programs_hand_out_and_viewers_show(system: str) -> None:
    markup, name = FILES[system]
    found = read(body=f"<p>Xem {markup}</p>" if not markup.startswith("<table") else markup)
    assert [file.name for file in found.attachments] == [name]
    assert found.images == []  # icons of files are no pictures of the article


def test_a_page_that_a_program_makes_as_pdf_is_no_file_of_the_article() -> None:
    assert read(body='<p><a href="/ajax.aspx?m=Common.Pdf&Name=Article&aid=12">In ra</a></p>').attachments == []


def test_a_viewer_shows_the_file_itself() -> None:
    found = read(body=FILES["pdf.js"][0])
    assert [(file.url, file.media_type) for file in found.attachments] == [(f"{HOST}/vb/12.pdf", "application/pdf")]


def test_a_document_that_is_shown_beside_a_single_paragraph_is_attached() -> None:
    shown = '<embed src="/vb/12.pdf" type="application/pdf">'
    found = read(text=TEXT[:1], behind=shown)
    assert [file.name for file in found.attachments] == ["12.pdf"]
    assert found.text == TEXT[0]  # the heading of the box behind is of that


PICTURES = {
    "lazy": '<img src="/images/loading.gif" data-lazyload="/anh/1.jpg">',
    "lazy, WordPress": '<img src="data:image/gif;base64,R0lGOD" data-lazy-src="/anh/1.jpg">',
    "srcset": '<img srcset="/nho/1.jpg 300w, /anh/1.jpg 1200w" alt="">',
    "picture": '<picture><source srcset="/anh/1.jpg 2x"><img alt=""></picture>',
    "thumbnail": '<a href="/anh/1.jpg" data-lightbox="a"><img src="/nho/1.jpg"></a>',
}


@pytest.mark.parametrize("kind", PICTURES)
def test_pictures_that_are_loaded_late_or_shown_small(kind: str) -> None:
    found = read(body=f"<p>{PICTURES[kind]}</p><p><em>Quang cảnh hội nghị</em></p><p>{TEXT[1]}</p>")
    assert [(one.url, one.caption) for one in found.images] == [(f"{HOST}/anh/1.jpg", "Quang cảnh hội nghị")]


def test_a_picture_between_headline_and_text_opens_the_article() -> None:
    button = '<div class="meta"><img src="/clock.png"> 12 lượt</div><div><img src="/in.png"><img src="/thu.png"></div>'
    found = read(between=f'{button}<div class="item-image"><img src="/anh/1.jpg" alt=""></div>')
    assert [one.url for one in found.images] == [f"{HOST}/anh/1.jpg"]


def test_a_paragraph_without_a_full_stop_is_no_caption_of_the_picture_above_the_text() -> None:
    found = read(between='<div><img src="/anh/1.jpg"></div>', text=(TEXT[0].rstrip("."), *TEXT[1:]))
    assert [(one.url, one.caption) for one in found.images] == [(f"{HOST}/anh/1.jpg", None)]


LD = (
    '<script type="application/ld+json">{"@type": "BreadcrumbList", "itemListElement": [{"@type": "ListItem", '
    '"position": 1, "item": {"@id": "/", "name": "Trang chủ"}}, {"@type": "ListItem", "name": "Tin tức"},'
    '{"@type": "ListItem", "name": "Kinh tế"}]}</script>'
)
CRUMBS = {
    "the last is no link": '<ul class="breadcrumb"><li><a href="/">Trang chủ</a><span>/</span></li><li>'
                           '<a href="/t">Tin tức</a><span>/</span></li><li class="active">Kinh tế</li></ul>',
    "no links": '<div class="breadcrumb"><span>Trang chủ</span><i class="fa"></i><span>Tin tức</span><i></i>'
                "<span>Kinh tế</span></div>",
    "schema.org": '<div vocab="https://schema.org/" typeof="BreadcrumbList"><a href="/">Home</a> &gt; '
                  '<a href="/t">Tin tức</a> &gt; <span>Kinh tế</span></div>',
    "a theme's name": '<div class="entry-crumbs"><span><a href="/">Trang chủ</a></span> <span><a href="/t">Tin tức</a>'
                      f'</span> <a href="/k">Kinh tế</a> <span class="last">{TITLE[:40]}...</span></div>',
    "a line": '<table><tr><td>&nbsp;<a href="/">Trang chủ</a> » <a href="/t">Tin tức</a> » <a href="/k">Kinh tế</a>'
              "</td></tr></table>",
    "slashes": '<div><a href="/">Trang chủ</a> / <a href="/t">Tin tức</a> / <a href="/k">Kinh tế</a></div>',
    "JSON-LD": LD,
}  # fmt: skip


@pytest.mark.parametrize("kind", CRUMBS)
def test_breadcrumbs(kind: str) -> None:
    assert read(above=CRUMBS[kind]).section == ["Tin tức", "Kinh tế"]


def test_a_menu_is_no_breadcrumb() -> None:
    menu = '<div><a href="/">Trang chủ</a> | <a href="/t">Tin tức</a> | <a href="/l">Liên hệ</a></div>'
    itself = '<ol class="breadcrumb"><li><a href="/t">Tin tức</a></li><li><span>Chi tiết tin</span></li></ol>'
    assert read(above=menu).section == []
    assert read(above=menu + itself).section == ["Tin tức"]


def test_author_and_source_between_text_and_files() -> None:
    fields = (
        "<div><p><b>Tác giả: </b>Bùi Thanh Tùng</p><p><b>Nguồn tin: </b><a href='http://b.vn'>Báo Nhân Dân</a></p></div>"
        '<div class="list-group"><a href="/vb/12.pdf">12.pdf</a></div>'
    )
    found = read(behind=fields)
    assert (found.author, found.source) == ("Bùi Thanh Tùng", "Báo Nhân Dân")
    assert [file.name for file in found.attachments] == ["12.pdf"]


def test_a_line_of_names_and_time_is_no_text() -> None:
    found = read(date="<p><span>Lê Hồng Hà - Đỗ Minh Anh</span> <span>30/04/2016 11:39</span></p>")
    assert (found.author, found.published_at) == ("Lê Hồng Hà - Đỗ Minh Anh", "2016-04-30T11:39:00+07:00")
    assert found.text == "\n\n".join(TEXT)


def test_the_second_headline_is_not_the_first() -> None:
    second = "(Bài phát biểu của đồng chí Giám đốc Sở tại lễ kỷ niệm ngày thành lập ngành)"
    found = read(title=f'<h1 class="tieude">{TITLE}</h1><h2 class="tieudephu">{second}</h2>')
    assert (found.title, found.subtitle) == (TITLE, second)
    assert second not in found.text


@pytest.mark.parametrize(
    "markup",
    [
        '<div class="short-content">{}</div>',
        '<p class="detail__sapo">{}</p>',
        '<div class="newsSummary">{}</div>',
        '<div><span class="newsSummary"><strong>{}</strong></span><br></div>',
    ],
)
def test_openings_by_their_names(markup: str) -> None:
    assert read(between=markup.format(LEAD)).lead == LEAD


def test_keywords_without_links() -> None:
    box = '<div class="tags"><p>Tags:</p><a href="/1">cải cách</a> <a href="/2">nhiệm vụ</a></div>'
    assert read(behind=box).tags == ["cải cách", "nhiệm vụ"]
    assert read(behind="<div><b>Từ khóa:</b> cải cách, nhiệm vụ; tổ chức</div>").tags == [
        "cải cách", "nhiệm vụ", "tổ chức",
    ]  # fmt: skip


def test_a_time_element_tells_machines_more_than_it_prints() -> None:
    date = '<span><time datetime="2024-03-05T08:15:00+07:00">05/03/2024</time></span>'
    assert read(date=date).published_at == "2024-03-05T08:15:00+07:00"


def test_what_is_marked_hidden_is_not_shown() -> None:
    found = read(body=f'<p hidden>{LEAD}</p><div hidden><img src="/anh/2.jpg"></div><p>{TEXT[1]}</p>')
    assert LEAD not in found.text and LEAD not in found.html and found.images == []


def test_a_record_whose_labels_stand_on_all_pages() -> None:
    def document(number: int) -> Capture:
        labels = {
            "Số hiệu văn bản": f"{number}/KH-UBND",
            "Trích yếu nội dung": f"Ban hành quy định về quản lý đất đai tại xã số {number} giai đoạn tới",
            "Đơn vị ban hành": "Ủy ban nhân dân tỉnh",
            "Ngày ký": f"{number}-08-2015",
            "Người ký duyệt": "Đỗ Bích Ngọc",
        }
        rows = "".join(f"<dt>{label}:</dt><dd>{value}</dd>" for label, value in labels.items())
        html = f"<html><body><div><h3>THÔNG TIN VĂN BẢN</h3><dl>{rows}</dl></div>{SIDE}</body></html>"
        return Capture(url=f"{HOST}/vb/{number}.html", body=html.encode(), fetched_at=datetime(2024, 4, 6, tzinfo=UTC))

    template = Template()
    for number in range(10, 25):
        template.learn(parse_page(document(number)), str(number))
    found = extract(document(11), Site(template=template))
    assert isinstance(found, Article) and found.document is not None
    assert (found.kind, found.document.number, found.document.signer) == ("document", "11/KH-UBND", "Đỗ Bích Ngọc")
    assert found.document.issued_on == "2015-08-11"
