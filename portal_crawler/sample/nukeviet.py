"""The education department's portal, in the manner of NukeViet 4.5: news module, laws module, RSS."""

from __future__ import annotations

import re
from email.utils import format_datetime
from html import escape

from portal_crawler.sample.markup import text
from portal_crawler.sample.portal import Answer, Asked, SamplePortal, page, redirect, slug
from portal_crawler.sample.story import Story
from portal_crawler.sample.truth import TruthArticle
from portal_crawler.sample.widgets import MARQUEE, WEEKDAYS

ARTICLE = re.compile(r"^/(?P<section>[\w-]+)/[\w-]+-(?P<number>\d+)\.html$")
SIDE = re.compile(r"^/(?P<form>print|sendmail|savefile)/(?P<section>[\w-]+)/[\w-]+-(?P<number>\d+)\.html$")
LAW = re.compile(r"^/laws/detail/[\w-]+-(?P<number>\d+)/$")
LIST = re.compile(r"^/(?P<section>[\w-]+)/(?:page-(?P<page>\d+)/?)?$")
BLANK = 101
CSS = """
body{margin:0;font:14px Roboto,Arial,sans-serif;background:#f3f3f3;color:#333}.wraper{width:1140px;margin:0 auto;background:#fff}
#header{background:#1565c0;color:#fff;padding:22px}#header .site-name{font-size:22px;font-weight:bold}
#menu-site-default{background:#0d47a1}.navbar-nav{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap}.navbar-nav a{color:#fff;padding:10px;display:block;text-decoration:none;font-size:12px}
.navbar-nav ul{display:none}.row3{display:flex}.col-md-5,.col-md-6{width:230px;padding:8px}.col-md-13{width:640px;padding:8px;order:1}.col-md-5{order:0}.col-md-6{order:2}
.panel{border:1px solid #ddd;margin-bottom:10px;background:#fff}.panel-heading{background:#1565c0;color:#fff;padding:7px 10px;font-weight:bold}.panel-body{padding:10px;overflow:hidden}
h1.title{font-size:21px;color:#0d47a1;margin:0 0 8px}.hometext{font-weight:bold;margin:8px 0}.bodytext{line-height:1.6;text-align:justify}.bodytext img,figure img{max-width:560px;height:auto}
.hidden{display:none}.text-right{text-align:right}.text-muted{color:#888;font-size:12px}.list-none{list-style:none;padding:0}.counter li{display:flex;justify-content:space-between}
.pagination{list-style:none;display:flex;padding:0}.pagination a{border:1px solid #ccc;padding:3px 9px}#footer{background:#263238;color:#fff;padding:16px;font-size:12px}#footer a{color:#fff}
.homnay{background:#c62828;color:#fff}.imghome{float:left;margin-right:8px;width:110px}a{color:#0d47a1}.flex-table-laws .table-rows{display:flex;gap:12px;border-bottom:1px solid #ddd;padding:6px}select{width:100%}td{padding:3px}
"""


class NukeVietPortal(SamplePortal):
    """Education portal on NukeViet."""

    family = "NukeViet 4.5"
    spider = "sample_sgddt"
    name = "sgddt"
    css = CSS
    widget_strings = ("Những tin mới hơn", "Những tin cũ hơn", "Thành viên online", "Powered by NukeViet", "Đã xem:",
                      "Phản hồi:", "Tin xem nhiều", "Gửi bình luận", "Mã bảo mật", "Trình duyệt của bạn đã tắt",
                      "Ý kiến bạn đọc", "Tổng số điểm của bài viết")  # fmt: skip
    signatures_in_text = False

    # Addresses

    def path(self, story: Story) -> str:
        """Category, alias, number; documents live in the laws module."""
        if story.record:
            return f"/laws/detail/{slug(story.title)}-{story.number}/"
        return f"/{self.department.sections[story.section].slug}/{slug(story.title)}-{story.number}.html"

    def aliases(self, story: Story) -> list[str]:
        """The print view."""
        return [] if story.record else [f"/print{self.path(story)}"]

    def key_of(self, url: str) -> str | None:
        """The number before the ending."""
        found = re.search(r"-(\d+)(?:\.html|/)$", url.partition("?")[0])
        return found[1] if found else None

    def hidden_stories(self) -> frozenset[int]:
        """Two stories whose category is switched off in the menu: the feed still has them."""
        return frozenset(story.number for story in [s for s in self.stories if s.kind == "article"][20:22])

    def broken(self) -> dict[str, str]:
        """A draft that answers with nothing, and a dead link."""
        section = self.department.sections[0].slug
        return {
            f"/{section}/bai-viet-dang-cho-duyet-{BLANK}.html": "empty_body",
            f"/{section}/bai-viet-da-chuyen-chuyen-muc-{BLANK + 1}.html": "http_error",
        }

    def menu_path(self, entry: str) -> str:
        """Pages of the page module."""
        return f"gioi-thieu/{slug(entry)}/"

    def robots(self) -> str:
        """As NukeViet writes it."""
        return "User-agent: *\nDisallow: /admin/\nDisallow: /users/\nDisallow: /statistics/\nDisallow: /data/\n"

    def respond(self, asked: Asked) -> Answer | None:  # noqa: PLR0911 - a router returns where it finds the page
        """Home, lists, articles, side forms, documents, feeds."""
        if asked.path in ("/vi/", "/en/"):
            return redirect("/")
        if asked.path == "/":
            return page(self.home())
        if asked.path.startswith("/rss/"):
            return self.feed(asked.path)
        if found := SIDE.match(asked.path):
            story = self.by_number.get(int(found["number"]))
            return page(self.print_view(story)) if story else None
        if found := LAW.match(asked.path):
            story = self.by_number.get(int(found["number"]))
            return page(self.document(story)) if story and story.record else None
        if found := ARTICLE.match(asked.path):
            return self.module_news(asked, int(found["number"]))
        if found := LIST.match(asked.path):
            return self.listing(found["section"], int(found["page"] or 1))
        entry = self.menu_page(asked.path)
        return (
            page(self.frame(entry, [entry], f'<div class="page panel"><p>{entry}: đang cập nhật.</p></div>', "page"))
            if entry
            else None
        )

    def module_news(self, asked: Asked, number: int) -> Answer | None:
        """The news module's detail function: article, file, or an empty answer for what waits for its editor."""
        if number == BLANK:
            return Answer(b"")
        story = self.by_number.get(number)
        if story is None:
            return None
        if asked.query.get("download") == "1":
            return Answer(b"%PDF-1.4\n%%EOF\n", content_type="application/pdf")
        return page(self.article(story))

    def listing(self, name: str, number: int) -> Answer | None:
        """A category's list, or that of the laws module."""
        slugs = ["laws" if s.slug == "van-ban-phap-quy" else s.slug for s in self.department.sections]
        if name not in slugs or not self.on_page(slugs.index(name), number):
            return None
        return page(self.list_page(slugs.index(name), number))

    # Pages

    def panel(self, title: str, body: str) -> str:
        """A block."""
        return f'<div class="panel panel-primary"><div class="panel-heading">{title}</div><div class="panel-body">{body}</div></div>\n'

    def section_path(self, section: int) -> str:
        """Path of a category."""
        name = self.department.sections[section].slug
        return "/laws/" if name == "van-ban-phap-quy" else f"/{name}/"

    def frame(self, title: str, crumbs: list[str], content: str, module: str, head: str = "") -> str:
        """A page around its content."""
        widgets = self.widgets
        site = f"{self.department.title} tỉnh Lam Châu"
        sections = "".join(
            f'<li><a href="{self.section_path(i)}">{s.title}</a></li>' for i, s in enumerate(self.department.sections)
        )
        figures = {"Đang truy cập": "", "Thành viên online": "0", **widgets.counters()}
        counters = "".join(
            f'<li><span><em class="fa fa-bolt"></em>{label}</span><span>{value}</span></li>'
            for label, value in figures.items()
        )
        hits = "".join(
            f'<li class="clearfix"><a class="show" href="{self.path(s)}">{text(s.title)}</a></li>'
            for s in self.listed(1)[3:8]
        )
        places = {s.title: self.section_path(i) for i, s in enumerate(self.department.sections)}
        trail = "".join(
            f'<li itemprop="itemListElement" itemscope itemtype="https://schema.org/ListItem"><a href="{places.get(crumb, f"/{self.menu_path(crumb)}")}" itemprop="item"><span itemprop="name">{text(crumb)}</span></a></li>'
            for crumb in crumbs
        )
        feeds = "".join(
            f'<link rel="alternate" href="/rss/{s.slug}/" title="{s.title}" type="application/rss+xml">'
            for s in self.department.sections[:5]
        )
        return f"""<!DOCTYPE html>
<html lang="vi" xmlns="http://www.w3.org/1999/xhtml" prefix="og: http://ogp.me/ns#"><head>
<title>{text(title)}</title><meta name="author" content="{site}"><meta name="copyright" content="{site} [vanthu@sgddt.lamchau.example]">
<meta name="generator" content="NukeViet v4.5"><meta http-equiv="Content-Type" content="text/html; charset=utf-8">
<meta property="og:site_name" content="{site}">{head}
<link rel="alternate" href="/rss/" title="Tin tức" type="application/rss+xml">{feeds}
<link rel="StyleSheet" href="/themes/default/css/style.css?t=20">
<script>var nv_base_siteurl="/",nv_lang_data="vi",nv_name_variable="nv",nv_fc_variable="op",nv_module_name="{module}",nv_func_name="main",nv_is_user=0,nv_my_ofs=7,nv_cookie_prefix="nv4c_Lc8Qa";</script>
</head><body><noscript><div class="alert alert-danger">Trình duyệt của bạn đã tắt chức năng hỗ trợ JavaScript. Website chỉ làm việc khi bạn bật nó trở lại.</div></noscript>
<div class="wraper"><header><div class="container" id="header"><div class="site-name">{site}</div><span class="site-slogan">Cổng thông tin điện tử ngành giáo dục</span>
<a href="/vi/" title="Tiếng Việt">VI</a> <a href="/en/" title="English">EN</a></div></header>
<nav id="menu-site-default" class="navbar"><ul class="nav navbar-nav">{self.menu(sections)}</ul></nav>
<section><div class="container" id="body"><nav class="third-nav"><div class="breadcrumbs-wrap"><ul class="temp-breadcrumbs hidden" itemscope itemtype="https://schema.org/BreadcrumbList">
<li itemprop="itemListElement" itemscope itemtype="https://schema.org/ListItem"><a href="/" itemprop="item"><span itemprop="name">Trang nhất</span></a></li>{trail}</ul></div>
<span class="current-time">{widgets.clock_line()}</span><input type="text" class="form-control" maxlength="60" placeholder="Tìm kiếm..."></nav><marquee>{MARQUEE}</marquee>
<div class="row3"><div class="col-sm-12 col-md-13 col-sm-push-6 col-md-push-5">{content}</div>
<div class="col-sm-6 col-md-6">{self.panel("Thăm dò ý kiến", widgets.poll("/gioi-thieu/ket-qua-tham-do/"))}{self.panel("Liên kết website", widgets.links("lienket"))}{self.panel("Đăng nhập thành viên", widgets.login("/users/lostpass/"))}</div>
<div class="col-sm-6 col-md-5">{self.panel("Thống kê", f'<ul class="counter list-none display-table">{counters}</ul>')}{self.panel("Lịch vạn niên", widgets.calendar())}
{self.panel("Thời tiết", widgets.weather())}{self.panel("Tin xem nhiều", f'<ul class="block_tophits list-none list-items">{hits}</ul>')}</div></div></div></section>
<footer id="footer">{widgets.footer()}<div>Powered by NukeViet CMS</div><a class="bttop" href="#">Về đầu trang</a></footer></div>
<div id="timeoutsess" class="chromeframe" style="display:none">Bạn đã không sử dụng Site, <a onclick="timeoutsesscancel();" href="#">Bấm vào đây để duy trì trạng thái đăng nhập</a>. Thời gian chờ: 60 giây</div>
</body></html>"""

    def home(self) -> str:
        """The newest of every category."""
        boxes = [
            self.panel(
                section.title,
                "".join(f'<h3><a href="{self.path(s)}">{text(s.title)}</a></h3>' for s in self.on_page(i, 1)[:4]),
            )
            for i, section in enumerate(self.department.sections)
        ]
        return self.frame("Trang nhất", [], "".join(boxes), "news")

    def row(self, story: Story) -> str:
        """One item of a category's list."""
        image = next((part.image for part in story.parts if part.image), None)
        shown = (
            f'<a href="{self.path(story)}"><img alt="" src="/uploads/{image}" width="100" class="img-thumbnail pull-left imghome" /></a>'
            if image
            else ""
        )
        first = story.lead or next((part.text for part in story.parts if part.text), "")
        return (
            f'<div class="panel panel-default"><div class="panel-body">{shown}<h3><a href="{self.path(story)}" title="{escape(story.title)}">{text(story.title)}</a></h3>'
            f'<div class="text-muted"><ul class="list-unstyled list-inline"><li><em class="fa fa-clock-o">&nbsp;</em> {story.published:%d/%m/%Y %H:%M:%S}</li>'
            f'<li><em class="fa fa-eye">&nbsp;</em> Đã xem: {story.number + next(self.widgets.visits) % 9}</li><li>Phản hồi: 0</li></ul></div>{text(first[:160])}</div></div>\n'
        )

    def list_page(self, section: int, number: int) -> str:
        """A page of a category's list."""
        kind = self.department.sections[section]
        rows = self.on_page(section, number)
        if section == self.department.documents:
            body = "".join(
                f'<div class="table-rows"><div class="c-code"><span class="label-name">Số kí hiệu:</span> <a href="{self.path(s)}">{text(s.record.number)}</a></div>'
                f'<div class="c-time">{s.record.issued_on:%d/%m/%Y}</div><div class="c-intro"><a href="{self.path(s)}">{text(s.record.summary)}</a></div></div>'
                for s in rows
                if s.record
            )
            content = f'<div class="flex-table-laws">{body}</div>'
        else:
            content = "".join(map(self.row, rows))
            if section == 0 and number == 1:
                content += "".join(
                    f'<div class="panel"><h3><a href="{path}">Bài viết đang được biên tập lại</a></h3></div>'
                    for path in self.broken()
                )
        base = self.section_path(section)
        pages = "".join(
            '<li class="active"><a href="javascript:void(0)">' + str(i) + "</a></li>"
            if i == number
            else f'<li><a rel="{"next" if i > number else "prev"}" title="{kind.title} - Trang {i}" href="{base}{f"page-{i}/" if i > 1 else ""}">{i}</a></li>'
            for i in range(1, self.pages(section) + 1)
        )
        title = kind.title if number == 1 else f"{kind.title} - Trang {number}"
        module = "laws" if base == "/laws/" else "news"
        return self.frame(
            title,
            [kind.title],
            f'<div class="news_column">{content}<div class="text-center"><ul class="pagination">{pages}</ul></div></div>',
            module,
        )

    def article(self, story: Story) -> str:
        """The detail page."""
        assert story.published is not None
        modified = story.modified or story.published
        kind = self.department.sections[story.section]
        url = self.base + self.path(story)
        body = self.body(story)
        lead = f'<div class="hometext m-bottom" itemprop="description">{text(story.lead)}</div>' if story.lead else ""
        author = f'<p class="h5 text-right"><strong>Tác giả: </strong>{text(story.author)}</p>' if story.author else ""
        source = (
            f'<p class="h5 text-right"><strong>Nguồn tin: </strong>{text(story.source)}</p>' if story.source else ""
        )
        tags = ", ".join(f'<a title="{tag}" href="/tag/{slug(tag)}"><em>{tag}</em></a>' for tag in story.tags)
        keywords = (
            f'<div class="news_column panel panel-default"><div class="panel-body"><div class="h5"><em class="fa fa-tags">&nbsp;</em><strong>Tags: </strong>{tags}</div></div></div>'
            if tags
            else ""
        )
        description = escape((story.lead or story.title)[:150])
        head = (
            f'<meta name="description" content="{description}"><meta property="og:title" content="{escape(story.title)}"><meta property="og:type" content="article">'
            f'<meta property="og:url" content="{url}"><link rel="canonical" href="{url}">'
        )
        content = f"""<div class="news_column panel panel-default" itemtype="http://schema.org/NewsArticle" itemscope><div class="panel-body">
<h1 class="title margin-bottom-lg" itemprop="headline">{text(story.title)}</h1>
<div class="hidden hide d-none" itemprop="author" itemtype="http://schema.org/Person" itemscope><span itemprop="name">admin admin</span></div>
<span class="hidden hide d-none" itemprop="datePublished">{story.published.isoformat()}</span><span class="hidden hide d-none" itemprop="dateModified">{modified.isoformat()}</span>
<div class="row margin-bottom-lg"><div class="col-md-12"><span class="h5">{WEEKDAYS[story.published.weekday()]} - {story.published:%d/%m/%Y %H:%M}</span></div>
<div class="col-md-12"><ul class="list-inline text-right"><li><a title="Giới thiệu bài viết cho bạn bè" href="/sendmail{self.path(story)}"><em class="fa fa-envelope">&nbsp;</em></a></li>
<li><a title="In ra" rel="nofollow" href="/print{self.path(story)}"><em class="fa fa-print">&nbsp;</em></a></li><li><a title="Lưu bài viết này" href="/savefile{self.path(story)}"><em class="fa fa-save">&nbsp;</em></a></li></ul></div></div>
<div class="clearfix">{lead}</div><div id="news-bodyhtml" class="bodytext margin-bottom-lg">
{body}
</div>{self.downloads(story, "news")}<div class="margin-bottom-lg">{author}{source}</div></div></div>
{keywords}<div class="news_column panel panel-default"><div class="panel-body"><form id="form3B" action=""><div class="h5"><p>Tổng số điểm của bài viết là: 0 trong 0 đánh giá</p>{self.widgets.rating()}</div></form>{self.widgets.share(url)}</div></div>
<div class="news_column panel panel-default"><div class="panel-body"><div id="idcomment" class="nv-fullbg"><div class="h4">Ý kiến bạn đọc</div><label>Mã bảo mật</label><input type="text" name="code"><input type="button" value="Gửi bình luận">Gửi bình luận</div></div></div>
<div class="news_column panel panel-default"><div class="panel-body other-news">{self.newer_and_older(story)}</div></div>"""
        return self.frame(story.title, [kind.title], content, "news", head)

    def newer_and_older(self, story: Story) -> str:
        """The stories of its section before and after one."""
        listed = self.listed(story.section)
        place = next((i for i, other in enumerate(listed) if other.number == story.number), 3)
        return "".join(
            f'<p class="h3"><strong>{label}</strong></p><ul class="detail-related related list-none list-items">'
            + "".join(
                f'<li><em class="fa fa-angle-right">&nbsp;</em><h4><a href="{self.path(o)}">{text(o.title)}</a></h4> <em>({o.published:%d/%m/%Y})</em></li>'
                for o in others
            )
            + "</ul>"
            for label, others in (
                ("Những tin mới hơn", listed[max(0, place - 4) : place]),
                ("Những tin cũ hơn", listed[place + 1 : place + 6]),
            )
            if others
        )

    def downloads(self, story: Story, module: str) -> str:
        """The files of a story."""
        if not story.files:
            return ""
        items = "".join(
            f'<div class="list-group-item"><a href="{escape(self.file_path(story, i))}" title="Tập tin {file.name}" download>Tập tin : <strong>{file.name}</strong></a></div>'
            for i, file in enumerate(story.files)
        )
        return (
            '<div class="panel panel-default"><div class="panel-heading"><i class="fa fa-download"></i> <strong>File đính kèm</strong></div>'
            f'<div class="list-group {module}-download-file">{items}</div></div>'
        )

    def print_view(self, story: Story) -> str:
        """The article without its page."""
        lead = f'<div class="hometext"><strong>{text(story.lead)}</strong></div>' if story.lead else ""
        return (
            f'<!DOCTYPE html><html lang="vi"><head><title>{text(story.title)}</title><meta name="robots" content="noindex"><meta name="generator" content="NukeViet v4.5"></head>'
            f'<body><div id="print"><div id="hd_print"><h2>{self.department.title}</h2></div><h1>{text(story.title)}</h1><ul class="list-inline"><li>{story.published:%d/%m/%Y %H:%M}</li></ul>'
            f'{lead}<div class="bodytext">{self.body(story)}</div></div></body></html>'
        )

    def document(self, story: Story) -> str:
        """The laws module's detail."""
        record = story.record
        assert record is not None
        rows = [
            ("Số kí hiệu", record.number),
            ("Ngày ban hành", f"{record.issued_on:%d/%m/%Y}"),
            ("Ngày bắt đầu hiệu lực", f"{record.effective_on:%d/%m/%Y}"),
            *self.record_rows(story)[3:],
        ]
        rows = [row for row in rows if row[0] != "Trích yếu"]
        table = "".join(
            f'<tr class="hoatim"><td style="width:200px">{label}</td><td>{text(value)}</td></tr>'
            for label, value in rows
        )
        others = "".join(
            f'<li><a href="{self.path(o)}">{text(o.record.number)}</a></li>' for o in self.neighbours(story) if o.record
        )
        content = (
            f'<h1 class="lawh3">{text(story.title)}</h1><p class="m-bottom">{text(record.summary)}</p>'
            f'<table class="table table-striped table-bordered table-hover"><tbody>{table}</tbody></table>'
            f'{self.downloads(story, "laws")}<h2 class="subtitle">Văn bản cùng lĩnh vực</h2><ul class="list-none">{others}</ul>'
        )
        return self.frame(story.title, ["Văn bản pháp quy"], content, "laws")

    def feed(self, path: str) -> Answer | None:
        """RSS: the newest of all, and of one category; what the menu hides stands in it too."""
        name = path.removeprefix("/rss/").strip("/")
        slugs = [section.slug for section in self.department.sections]
        if name and name not in slugs:
            return None
        news = [s for s in self.stories if not s.record and s.published]
        chosen = [s for s in news if not name or s.section == slugs.index(name)]
        if not name:
            chosen = [s for s in chosen if s.number in self.hidden] + chosen[:20]
        items = "".join(
            f'<item><title>{text(s.title)}</title><link>{self.base}{self.path(s)}</link><guid isPermaLink="false">news_{s.number}</guid>'
            f"<pubDate>{format_datetime(s.published)}</pubDate><description><![CDATA[{s.lead or ''}]]></description></item>"
            for s in chosen[:25]
            if s.published
        )
        xml = f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>{self.department.title}</title><link>{self.base}/</link><language>vi</language>{items}</channel></rss>'
        return Answer(xml.encode(), content_type="text/xml; charset=utf-8")

    # Truth

    def file_path(self, story: Story, place: int) -> str:
        """Files hang on the article's address."""
        return f"{self.path(story)}?download=1&id={place}"

    def truth_of(self, story: Story) -> TruthArticle:
        """Author, source, tags and times have fields of their own; a document's page its type and number for a headline."""
        truth = super().truth_of(story)
        truth.tags = list(story.tags)
        if story.record:
            truth.document = self.record(story)
            labels = {"Ngày có hiệu lực": "Ngày bắt đầu hiệu lực", "Số ký hiệu": "Số kí hiệu"}
            rows = [(labels.get(label, label), value) for label, value in self.record_rows(story)]
            truth.lead = story.record.summary
            truth.blocks = [" | ".join(row) for row in rows if row[0] != "Trích yếu"]
        else:
            truth.modified_at = (story.modified or story.published or "") and (
                story.modified or story.published
            ).isoformat()  # type: ignore[union-attr]
        return truth
