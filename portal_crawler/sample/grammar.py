"""Composes the stories of the sample province: news, notices, documents and galleries in Vietnamese.

The sentences stand in ``prose/*.toml``, one file a department. Everything is drawn by one generator with a fixed seed,
so that the province is the same on every machine and in every run.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from portal_crawler.sample.departments import DEPARTMENTS, Department
from portal_crawler.sample.story import File, LegalRecord, Part, Role, Story

SEED = 20180418
VIETNAM = timezone(timedelta(hours=7))

DISTRICTS = {
    "Thạch Lĩnh": ("Suối Vàng", "Đồng Mây", "Khe Sến", "Bản Lim", "Phú Thạch"),
    "Vĩnh Sơn": ("Vĩnh Lộc Thượng", "Sơn Hạ", "Đá Bàn", "Trung Vĩnh", "Cẩm Vĩnh"),
    "Hòa Trạch": ("Trạch An", "Hòa Xuyên", "Thuận Trạch", "Tân Trạch Hạ", "Liên Hòa Trạch"),
    "Đông Xuyên": ("Xuyên Châu", "Đông Mỹ Hạ", "Bến Nứa", "Giang Xuyên", "Hải Xuyên"),
    "Yên Lạng": ("Lạng Trung", "Yên Khê Thượng", "Đồi Chè", "Quế Lạng", "Thanh Lạng"),
    "Phú Lĩnh": ("Lĩnh Nam Thượng", "Phú Cầu", "Gò Sim", "Hương Lĩnh", "Đại Phú Lĩnh"),
    "Kim Khê": ("Khê Trung", "Kim Đài", "Làng Vạc", "Mỹ Khê Hạ", "Cửa Khê"),
    "Bắc Lam": ("Lam Thượng", "Lam Hạ", "Chợ Lường", "Bãi Dâu", "Nghĩa Lam"),
}
HAMLETS = ("Đồng Tiến", "Nà Lốc", "Bản Chanh", "Xuân Thịnh", "Tân Lập", "Khe Dài", "Cây Gạo", "Đầu Ghềnh", "Phú Hậu",
           "Bình Minh", "Nà Pheo", "Hạ Cờ", "Cồn Soi", "Gò Mít", "Trung Hòa", "Đá Trắng")  # fmt: skip
FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý", "Mai", "Hà",
          "Cao", "Đinh", "Trịnh", "Lò", "Vi")  # fmt: skip
MEN = ("Văn Thành", "Đức Long", "Quang Huy", "Hữu Phước", "Minh Trí", "Xuân Bách", "Công Định", "Thanh Tùng", "Bá Lộc",
       "Trọng Nghĩa", "Hồng Quân", "Duy Khánh", "Tiến Đạt", "Viết Sơn", "Anh Dũng", "Ngọc Lâm")  # fmt: skip
WOMEN = ("Thị Hạnh", "Thu Hà", "Thị Bích Ngọc", "Minh Nguyệt", "Thị Kim Oanh", "Thanh Thủy", "Thị Lan Phương", "Diệu Hiền",
         "Thị Hồng Vân", "Ngọc Ánh", "Thị Mơ", "Khánh Chi")  # fmt: skip
PEN_NAMES = ("Thu Trang", "Hải Đăng", "Khánh Ly", "Mạnh Cường", "Phương Thảo", "Quốc Việt", "Hồng Nhung", "Bảo Long",
             "Thanh Mai", "Văn Toàn")  # fmt: skip
PRESS = ("Báo Lam Châu", "Cổng thông tin điện tử tỉnh Lam Châu", "Đài Phát thanh và Truyền hình Lam Châu")
RANKS = ("Giám đốc", "Phó Giám đốc", "Phó Giám đốc", "Chánh Văn phòng")
PERIODS = {4: "ba tháng đầu năm", 7: "sáu tháng đầu năm", 10: "chín tháng đầu năm"}
# What makes two lists of tasks different: where, by whom, until when.
TAILS = ("", ", hoàn thành trước ngày {han}", ", trước hết là trên địa bàn huyện {huyen}", ", lấy xã {xa} làm điểm",
         ", báo cáo kết quả về {so} trước ngày {han}", ", chú trọng các xã {xa} và {xa2}",
         ", giao UBND xã {xa} thực hiện ngay trong tháng {thang_sau}")  # fmt: skip
HEADINGS = ("Những kết quả bước đầu", "Khó khăn cần tháo gỡ", "Nhiệm vụ trọng tâm thời gian tới", "Từ chủ trương đến cách làm",
            "Thống kê của các địa phương", "Chuyển biến từ cơ sở")  # fmt: skip

CHOICE = re.compile(r"\[([^\[\]|]+(?:\|[^\[\]|]*)+)\]")
FIGURE = re.compile(r"\{(\d[\d.]*(?:,\d)?)-(\d[\d.]*(?:,\d)?)\}")
ABOUT = re.compile(r"(?:[Hh]ơn|[Gg]ần|khoảng) $")
NAME = re.compile(r"\{(\w+)\}")


@cache
def prose(name: str) -> dict[str, Any]:
    """One file of sentences."""
    return tomllib.loads(files("portal_crawler.sample").joinpath(f"prose/{name}.toml").read_text("utf-8"))


def grouped(number: int) -> str:
    """A number as Vietnamese prints it: 12.450."""
    return f"{number:,}".replace(",", ".")


@dataclass
class Composer:
    """Draws the stories of one department."""

    department: Department
    random: Random
    used: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)

    # Words

    def expand(self, template: str) -> str:
        """A template with its choices made, its figures drawn and its names filled in."""
        text = CHOICE.sub(lambda found: self.random.choice(found[1].split("|")), template)
        text = NAME.sub(lambda found: self.names[found[1]] if not found[1].isdigit() else found[0], text)
        return FIGURE.sub(self._figure, text)

    def _figure(self, found: re.Match[str]) -> str:
        low, high = (text.replace(".", "") for text in found.groups())
        if "," in low:
            tenths = self.random.randint(*(int(text.replace(",", "")) for text in (low, high)))
            return f"{grouped(tenths // 10)},{tenths % 10}"
        figure = self.random.randint(int(low), int(high))
        if figure >= 10_000 or (figure >= 100 and ABOUT.search(found.string, 0, found.start())):
            figure -= figure % 10
        return grouped(figure)

    def fresh(self, templates: list[str], tries: int = 30) -> str:
        """One of the templates, expanded to a text that this department has not printed yet.

        Raises:
            LookupError: if the templates are exhausted; the prose needs more of them then.
        """
        for _ in range(tries):
            text = self.expand(self.random.choice(templates))
            if text not in self.used:
                self.used.add(text)
                return text
        raise LookupError(f"{self.department.name}: nothing new can be made of {templates[0][:60]!r}")

    def person(self, *, woman: bool | None = None) -> str:
        """A full name."""
        woman = self.random.random() < 0.4 if woman is None else woman
        return f"{self.random.choice(FAMILY)} {self.random.choice(WOMEN if woman else MEN)}"

    def set_scene(self, date: datetime, topic: str) -> None:
        """Draw the names, places and dates of one story."""
        random = self.random
        district = random.choice(list(DISTRICTS))
        first, second = random.sample(DISTRICTS[district], 2)
        leader, rank = self.person(), random.choice(RANKS)
        woman = random.random() < 0.5
        citizen = self.person(woman=woman)
        day = date - timedelta(days=random.randint(1, 3))
        part = random.choice(("Sáng", "Chiều", "Ngày"))
        period = PERIODS[max(month for month in PERIODS if month <= date.month)]
        following = day + timedelta(days=1)
        deadline = date + timedelta(days=random.randint(20, 60))
        self.names = {
            "topic": topic,
            "so": self.department.title,
            "So": self.department.title,
            "ma": self.department.code,
            "huyen": district,
            "xa": first,
            "xa2": second,
            "thon": random.choice(HAMLETS),
            "lanhdao": f"đồng chí {leader} - {rank} {self.department.title}",
            "Lanhdao": f"Đồng chí {leader} - {rank} {self.department.title}",
            "Lanhdao_ngan": f"{rank} {self.department.title} {leader}",
            "lanhdao_ten": f"đồng chí {leader}",
            "khach": f"đồng chí {self.person()} - Phó Chủ tịch UBND huyện {district}",
            "Nguoi": f"{'Bà' if woman else 'Ông'} {citizen}",
            "nguoi": f"{'bà' if woman else 'ông'} {citizen}",
            "Nguoi2": f"{'Ông' if woman else 'Bà'} {self.person(woman=not woman)}",
            "nam": str(date.year),
            "nam_dau": str(date.year - 4),
            "nam_cuoi": str(date.year + 5),
            "thang": str(date.month),
            "thang_sau": str(date.month % 12 + 1),
            "thang_qua": period,
            "Thang_qua": period[0].upper() + period[1:],
            "ngay": f"{day.day}/{day.month}",
            "ngay2": f"{following.day}/{following.month}",
            "Buoi": f"{part} {day.day}/{day.month}" + (f"/{day.year}" if part == "Ngày" else ""),
            "buoi_thuong": f"{part.lower()} {day.day}/{day.month}",
            "han": f"{deadline.day}/{deadline.month}/{deadline.year}",
        }

    # Parts

    def results(self, pool: list[str], intro: list[str], count: int) -> Part:
        """What was achieved; the sentences are taken out of the pool, for no story states one figure twice."""
        self.random.shuffle(pool)
        sentences, pool[:] = pool[:count], pool[count:]
        return self.paragraph(" ".join([self.expand(self.random.choice(intro)), *map(self.expand, sentences)]))

    def paragraph(self, text: str, role: Role = "paragraph") -> Part:
        """A part that is a line of text."""
        self.used.add(text)
        return Part(role, text)

    def problems(self, topic: dict[str, Any], intro: list[str]) -> Part:
        """What does not go well yet."""
        chosen = [self.expand(text) for text in self.random.sample(topic["problems"], 2)]
        # The introduction makes the contrast already.
        chosen = [re.sub(r"^(?:Tuy vậy|Bên cạnh đó), (\w)", lambda found: found[1].upper(), text) for text in chosen]
        end = self.expand(self.random.choice(prose("frames")["places"]))
        return self.paragraph(" ".join([self.random.choice(intro), *chosen]) + end)

    def measures(self, topic: dict[str, Any], *, as_list: bool) -> list[Part]:
        """What is to be done, as a sentence or as a list."""
        chosen = self.random.sample(topic["measures"], min(self.random.randint(3, 4), len(topic["measures"])))
        if as_list:
            intro = self.fresh(prose("frames")["list_intro"], tries=20) if self.random.random() < 0.3 else None
            intro = intro or self.expand(prose("frames")["list_intro"][0])
            items = [self.fresh([text + tail for tail in TAILS[1:]]) for text in chosen]
            ended = [f"{text[0].upper()}{text[1:]}{';' if i < len(items) - 1 else '.'}" for i, text in enumerate(items)]
            return [self.paragraph(intro), Part("list", items=tuple(ended))]
        intro = self.expand(self.random.choice(prose("frames")["common_measures"]))
        text = f"{intro} {'; '.join(self.expand(text) for text in chosen[:-1])}; đồng thời {self.expand(chosen[-1])}"
        return [self.paragraph(text + self.expand(self.random.choice(TAILS)) + ".")]

    def quote(self, topic: dict[str, Any]) -> Part:
        """What somebody says."""
        which = self.random.randrange(2)
        who = ("{Nguoi2}, ở thôn {thon}, xã {xa}, ", "{Nguoi2}, cán bộ xã {xa}, ")[which]
        verb = self.random.choice(("chia sẻ: ", "cho biết: ", "bộc bạch: ", "tâm sự: "))
        return self.paragraph(self.expand(who) + verb + f"“{topic['quotes'][which]}”")

    def table(self) -> list[Part]:
        """A table of plans and results, with the line before it."""
        names = self.random.sample(list(DISTRICTS), self.random.randint(4, 7))
        rows: list[tuple[str, ...]] = [("STT", "Đơn vị", "Kế hoạch", "Thực hiện", "Tỷ lệ (%)")]
        for place, name in enumerate(names, 1):
            plan = self.random.randint(80, 900)
            done = plan * self.random.randint(720, 1130) // 1000
            rows.append(
                (
                    str(place),
                    f"Huyện {name}",
                    grouped(plan),
                    grouped(done),
                    f"{done * 100 / plan:.1f}".replace(".", ","),
                )
            )
        intro = self.expand(
            "Kết quả cụ thể của {so_huyen} huyện đến ngày {ngay} như sau:".replace("{so_huyen}", str(len(names)))
        )
        return [self.paragraph(intro), Part("table", rows=tuple(rows))]

    def picture(self, captions: list[str], number: int, place: int) -> Part:
        """A picture with its caption."""
        # Captions say the same again and again, as they do in life; but not within one story.
        text = self.expand(self.random.choice(captions[(place - 1) % 2 :: 2] if len(captions) > 1 else captions))
        return Part("caption", text, image=f"{self.department.name}-{number}-{place}.png")

    # Stories

    def draw(self, kind: str, number: int, date: datetime) -> Story:
        """A story of a kind; where a scene gives nothing that was not printed before, another scene is drawn."""
        make = {"news": self.news, "notice": self.notice, "gallery": self.gallery, "legal": self.legal}[kind]
        for _ in range(50):
            try:
                return make(number, date)
            except LookupError:
                continue
        raise LookupError(f"{self.department.name}: the prose is too poor for one more {kind}")

    def news(self, number: int, date: datetime) -> Story:
        """One piece of news, of two to about twelve paragraphs."""
        random = self.random
        topic = random.choice(prose(self.department.voice or self.department.name)["topic"])
        frame = random.choice(prose("frames")["frame"])
        self.set_scene(date, topic["name"])
        title = self.fresh(frame["titles"])
        lead = self.fresh(frame["leads"])
        pool = list(topic["results"])
        size = random.choice((1, 2, 2, 3, 3, 4))
        opening = [self.paragraph(self.expand(text)) for text in frame["opening"][: 2 if size > 2 else 1]]
        parts = opening[:1]
        if random.random() < 0.7:
            parts.append(self.picture(frame["captions"], number, 1))
        parts += opening[1:]
        if size > 3:
            parts.append(self.paragraph(random.choice(HEADINGS), "heading"))
        parts.append(self.results(pool, frame["reports"], 3 if size < 3 else 2))
        if number % 6 == 2:
            parts += self.table()
        if size > 1:
            parts.append(
                self.problems(topic, prose("frames")["meeting_problems" if frame.get("meeting") else "common_problems"])
            )
        if size > 2:
            parts.append(self.results(pool, prose("frames")["common_reports"], 2))
            parts.append(self.quote(topic))
        if number % 2 == 0:
            end = random.choice(prose("frames")["danger_ends"])
            parts.append(self.paragraph(self.fresh([text + end for text in prose("frames")["danger"]])))
        if size > 3 and random.random() < 0.6:
            parts.append(self.picture(frame["captions"], number, 2))
        if size > 1:
            parts += self.measures(topic, as_list=number % 4 == 1)
        parts.append(self.paragraph(self.expand(random.choice(frame["closing"]))))
        story = Story(
            number=number,
            kind="article",
            section=random.randrange(self.department.news_sections),
            title=title,
            lead=lead,
            parts=parts,
            published=date,
            tags=list(topic["tags"]),
        )
        if number % 9 == 4:
            code = f"{random.randint(20, 3900)}/{random.choice(('KH', 'BC', 'CV'))}-{self.department.code}"
            story.files.append(self.file(code, number, "pdf"))
        return story

    def file(self, code: str, number: int, ending: str) -> File:
        """A file that goes with a story."""
        slug = code.replace("/", "_").replace("Đ", "D")
        return File(name=f"{slug}_{number}.{ending}", title=f"{code}.{ending}")

    def notice(self, number: int, date: datetime) -> Story:
        """A notice: few words, and a file."""
        topic = self.random.choice(prose(self.department.voice or self.department.name)["topic"])
        self.set_scene(date, topic["name"])
        place = (self.department.first_number - number) // self.department.step
        kinds = prose("notices")["notice"]
        notice = kinds[(place + self.random.randrange(3)) % len(kinds)]
        title = self.fresh([notice["title"]])
        parts = [self.paragraph(self.expand(text)) for text in notice["paragraphs"]]
        code = f"{self.random.randint(20, 3900)}/TB-{self.department.code}"
        return Story(
            number=number,
            kind="notice",
            section=self.department.notices,
            title=title,
            lead=None,
            parts=parts,
            published=date,
            files=[self.file(code, number, self.random.choice(("pdf", "docx")))],
        )

    def gallery(self, number: int, date: datetime) -> Story:
        """A page of pictures with a line under each."""
        topic = self.random.choice(prose(self.department.voice or self.department.name)["topic"])
        self.set_scene(date, topic["name"])
        gallery = prose("notices")["gallery"][0]
        parts = [self.picture([text], number, place) for place, text in enumerate(gallery["captions"], 1)]
        return Story(
            number=number,
            kind="gallery",
            section=self.department.pictures,
            title=self.fresh([gallery["title"]]),
            lead=None,
            parts=parts,
            published=date,
        )

    def legal(self, number: int, date: datetime) -> Story:
        """A legal document: its record is all the text there is."""
        topic = self.random.choice(prose(self.department.voice or self.department.name)["topic"])
        self.set_scene(date, topic["name"])
        kind = self.random.choice(prose("notices")["document"])
        figure = self.random.randint(5, 2900)
        code = self.expand(kind["code"])
        normative = kind["code"] in ("QĐ-UBND", "NQ-HĐND") and self.random.random() < 0.5
        summary = self.fresh([kind["summary"]])
        record = LegalRecord(
            number=f"{figure}/{date.year}/{code}" if normative else f"{figure}/{code}",
            type=kind["type"],
            issuer=self.expand(kind["issuer"]),
            signer=self.person(),
            issued_on=date,
            effective_on=date + timedelta(days=10 if normative else 0),
            field_of_law=self.department.field,
            summary=summary,
        )
        return Story(
            number=number,
            kind="document",
            section=self.department.documents,
            title=f"{record.type} số {record.number}",
            lead=None,
            parts=[],
            published=date,
            files=[self.file(record.number, number, "pdf")],
            record=record,
        )


def _sign(story: Story, composer: Composer) -> None:
    """Give a piece of news its signature and its credit, in the ways that portals print them."""
    random = composer.random
    way = story.number % 5
    name = random.choice(PEN_NAMES)
    if way == 0:
        story.author = name
        story.parts.append(Part("padded", name))
    elif way == 1:
        story.author = name
        story.parts.append(Part("signature", name))
    elif way == 2:
        story.author = f"Tin, ảnh: {name}"
        story.parts.append(Part("signature", story.author))
    if story.number % 8 == 3:
        story.source = random.choice(PRESS)
        story.parts.append(Part("credit", random.choice(("Theo {}", "Nguồn: {}", "(Nguồn: {})")).format(story.source)))


@cache
def stories(name: str) -> tuple[Story, ...]:
    """All stories of a department, newest first."""
    department = DEPARTMENTS[name]
    random = Random(f"{SEED}-{name}")
    composer = Composer(department, random)
    made: list[Story] = []
    date = datetime(2024, 11, 28, 10, 0, tzinfo=VIETNAM)
    plan = ["news"] * department.news + ["notice"] * 9 + ["gallery"] * 2 + ["legal"] * department.legal
    random.shuffle(plan)
    for place, kind in enumerate(plan):
        date -= timedelta(days=random.randint(3, 22))
        while date.month < 4:  # the year's figures are reported from April on
            date -= timedelta(days=20)
        date = date.replace(hour=random.randint(7, 17), minute=random.randrange(60))
        number = department.first_number - place * department.step
        story = composer.draw(kind, number, date)
        if kind == "news":
            _sign(story, composer)
        made.append(story)
    _dress(made, random)
    return tuple(made)


def _dress(made: list[Story], random: Random) -> None:
    """Give some stories what makes a portal's pages hard to read."""
    news = [story for story in made if story.kind == "article"]
    for place, story in enumerate(news):
        story.markup = ("plain", "justified", "word", "plain", "divisions", "breaks", "justified")[place % 7]
        story.decomposed = place % 11 == 5
        story.place_holder = place % 5 == 3
        if place % 3 == 0 and story.published is not None:
            story.modified = story.published + timedelta(
                days=random.randint(0, 3), hours=2, minutes=random.randint(1, 50)
            )
        if place % 6 == 5:
            story.lead = None
    formula = Part("paragraph", prose("frames")["formula"])
    for story in news[7:28:9]:
        story.parts.insert(0, formula)
