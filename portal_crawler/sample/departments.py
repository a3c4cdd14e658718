"""The departments of the invented province of Lam Châu, and what their portals are made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of a portal."""

    title: str
    slug: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """A department.

    Attributes:
        name: Its label, also that of its file of sentences.
        title: Its name.
        code: Its abbreviation in document numbers.
        field: The field of law that its documents belong to.
        sections: Sections of its portal; the first ``news_sections`` hold news.
        first_number: Number of the newest story; the others follow in steps of ``step``.
        news: How many pieces of news it has published.
        legal: How many legal documents.
        voice: The file of sentences it shares with another department; empty: it has its own.
    """

    name: str
    title: str
    code: str
    field: str
    sections: tuple[Section, ...]
    news_sections: int
    first_number: int
    step: int
    news: int
    legal: int = 0
    voice: str = ""

    @property
    def notices(self) -> int:
        """Index of the section of notices."""
        return self.news_sections

    @property
    def pictures(self) -> int:
        """Index of the section of galleries."""
        return self.news_sections + 1

    @property
    def documents(self) -> int:
        """Index of the section of legal documents."""
        return self.news_sections + 2


def _sections(*news: tuple[str, str], documents: bool = False) -> tuple[Section, ...]:
    rest = [("Thông báo", "thong-bao"), ("Thư viện ảnh", "thu-vien-anh")]
    if documents:
        rest.append(("Văn bản pháp quy", "van-ban-phap-quy"))
    return tuple(Section(title=title, slug=slug) for title, slug in (*news, *rest))


DEPARTMENTS = {
    department.name: department
    for department in (
        Department(
            name="sldtbxh",
            title="Sở Lao động - Thương binh và Xã hội",
            code="SLĐTBXH",
            field="Lao động - Xã hội",
            sections=_sections(
                ("Tin tức sự kiện", "tin-tuc-su-kien"),
                ("Việc làm - An toàn lao động", "viec-lam-an-toan-lao-dong"),
                ("Người có công", "nguoi-co-cong"),
                ("Trẻ em - Bình đẳng giới", "tre-em-binh-dang-gioi"),
                documents=True,
            ),
            news_sections=4,
            first_number=318426,
            step=37,
            news=52,
            legal=9,
        ),
        Department(
            name="stp",
            title="Sở Tư pháp",
            code="STP",
            field="Tư pháp",
            sections=_sections(
                ("Tin hoạt động", "tinhoatdong"),
                ("Phổ biến pháp luật", "phobienphapluat"),
                ("Hành chính tư pháp", "hanhchinhtuphap"),
            ),
            news_sections=3,
            first_number=2871,
            step=13,
            news=60,
        ),
        Department(
            name="sgddt",
            title="Sở Giáo dục và Đào tạo",
            code="SGDĐT",
            field="Giáo dục và Đào tạo",
            sections=_sections(
                ("Tin giáo dục", "tin-giao-duc"),
                ("Hoạt động ngành", "hoat-dong-nganh"),
                ("Gương sáng nhà giáo", "guong-sang-nha-giao"),
                ("Khuyến học", "khuyen-hoc"),
                documents=True,
            ),
            news_sections=4,
            first_number=947,
            step=7,
            news=52,
            legal=9,
        ),
        Department(
            name="snnptnt",
            title="Sở Nông nghiệp và Phát triển nông thôn",
            code="SNNPTNT",
            field="Nông nghiệp và Phát triển nông thôn",
            sections=_sections(
                ("Tin nông nghiệp", "Tin-nong-nghiep"),
                ("Nông thôn mới", "Nong-thon-moi"),
                ("Chăn nuôi - Thú y", "Chan-nuoi-Thu-y"),
            ),
            news_sections=3,
            first_number=5314,
            step=11,
            news=60,
        ),
        Department(
            name="syt",
            title="Sở Y tế",
            code="SYT",
            field="Y tế",
            sections=_sections(
                ("Tin y tế trong tỉnh", "tin-y-te"),
                ("Y tế dự phòng", "y-te-du-phong"),
                ("Khám chữa bệnh", "kham-chua-benh"),
            ),
            news_sections=3,
            first_number=8240,
            step=17,
            news=60,
        ),
        Department(
            name="thachlinh",
            title="UBND huyện Thạch Lĩnh",
            code="UBND",
            field="Tổng hợp",
            sections=_sections(("Tin tức", "tintuc"), ("Kinh tế - Xã hội", "kinhtexahoi")),
            news_sections=2,
            first_number=831,
            step=3,
            news=40,
            voice="snnptnt",
        ),
    )
}
