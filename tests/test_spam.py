"""Planted advertisements for gambling are told from news about gambling."""

from __future__ import annotations

import pytest
from crawl import crawl
from hypothesis import given
from hypothesis import strategies as st
from portal_server import PortalServer, article, link, page

from portal_crawler.extraction import spam
from portal_crawler.extraction.spam import OFFERS, STEMS, gambling_spam

SPAM = [
    (
        "Nhà cái 789BET - Link vào 789bet mới nhất 2025",
        "789bet là nhà cái cá cược thể thao uy tín nhất. Đăng ký ngay nhận thưởng 88k, nổ hũ, tài xỉu, game bài đổi thưởng.",
    ),
    (
        "Tải game nổ hũ Sunwin cho điện thoại",
        "Cổng game bài đổi thưởng Sunwin với tài xỉu, xóc đĩa online, bắn cá đổi thưởng, nạp rút tiền nhanh.",
    ),
    (
        "Soi kèo bóng đá hôm nay",
        "Tỷ lệ kèo nhà cái cập nhật liên tục, soi kèo chuẩn. Đăng ký tài khoản nhận khuyến mãi nạp đầu.",
    ),
    (
        "Slot Gacor Hari Ini",
        "Daftar situs slot online terpercaya gampang menang maxwin, bonus deposit new member, rtp live.",
    ),
    ("สล็อตเว็บตรง แตกง่าย", "สมัครสมาชิก ฝากถอนไม่มีขั้นต่ำ บาคาร่า คาสิโน เครดิตฟรี"),
    ("百家乐 娱乐城 注册送", "真人荷官 老虎机 棋牌 平台 开户 优惠 首存"),
    (
        "Nhà cái KUBET cảnh báo vi phạm bản quyền",
        "KUBET là nhà cái uy tín nhất: tài xỉu, nổ hũ, soi kèo, bắn cá đổi thưởng, đá gà trực tiếp, game bài, casino trực "
        "tuyến. Đăng ký ngay nhận thưởng. KUBET xử lý nạp rút nhanh, hoàn trả, tặng 88k, link vào kubet, jun88, go88.",
    ),
]
NEWS = [
    (
        "Công an tỉnh triệt phá đường dây đánh bạc qua mạng 87 tỷ đồng",
        "Cơ quan điều tra đã khởi tố 12 bị can về tội đánh bạc và tổ chức đánh bạc. Các đối tượng lập tài khoản trên trang "
        "web nhà cái Bong88, chơi tài xỉu, nổ hũ, cá cược bóng đá, nhận hoa hồng theo tỷ lệ.",
    ),
    (
        "Cảnh báo thủ đoạn lôi kéo người dân đánh bạc trên mạng dịp World Cup",
        "Công an khuyến cáo người dân không truy cập các trang 789bet, kubet, sunwin; không đăng ký tài khoản nhận thưởng. "
        "Các đối tượng quảng cáo nhà cái, soi kèo, game bài đổi thưởng để lừa đảo chiếm đoạt tài sản.",
    ),
    (
        "Xử phạt chủ quán cà phê để khách cá độ bóng đá",
        "Hành vi cá độ bóng đá bị xử phạt vi phạm hành chính theo quy định. Công an xã đã lập biên bản, tịch thu tang vật.",
    ),
    (
        "Cổng thông tin điện tử bị chèn nội dung cờ bạc",
        "Sở Thông tin và Truyền thông yêu cầu các đơn vị rà soát trang tin bị chèn quảng cáo nhà cái, nổ hũ, slot; ngăn "
        "chặn mã độc và xử lý lỗ hổng.",
    ),
    ("Kết quả xổ số kiến thiết", "Công ty xổ số kiến thiết tỉnh công bố kết quả mở thưởng, giải đặc biệt 2 tỷ đồng."),
    ("Đề nghị dừng dự án khu nghỉ dưỡng có casino", "Hội đồng nhân dân thảo luận dự án casino tại đặc khu kinh tế."),
    ("Khuyến mãi vé tàu Tết", "Đăng ký ngay để nhận thưởng, tặng 50k cho khách hàng đầu tiên, hoàn trả trong 24 giờ."),
    ("Hội thảo về bệnh Diabet và người Tibet", "Bảng chữ cái Alphabet trong giảng dạy tại trường, số 88 và 789."),
    (
        "Nghị định về kinh doanh đặt cược đua ngựa, đua chó và bóng đá quốc tế",
        "Doanh nghiệp đặt cược phải có giấy phép.",
    ),
    ("Đoàn Trung Quốc thăm tỉnh", "Đoàn công tác 广西 đã thăm cửa khẩu, trao đổi về 平台 thương mại điện tử."),
]


@pytest.mark.parametrize(("title", "text"), SPAM, ids=[title for title, _ in SPAM])
def test_advertisements(title: str, text: str) -> None:
    assert gambling_spam(title, text)


@pytest.mark.parametrize(("title", "text"), NEWS, ids=[title for title, _ in NEWS])
def test_news_and_everything_else(title: str, text: str) -> None:
    assert gambling_spam(title, text) is None


def test_no_offer_is_without_its_stem() -> None:
    """The quick look finds whatever the expression finds."""
    inside = OFFERS.pattern.replace("\\ ", "_").replace("\n", " ").replace(" ", "").split("|")
    words = {word.strip("()?:").replace("_", " ") for part in inside for word in [part.partition("(")[0]] if word}
    whole = [word for word in words if OFFERS.fullmatch(word)]
    assert len(whole) > 30
    assert [word for word in whole if not any(stem in word for stem in STEMS)] == []


def test_address_and_links_tell_too() -> None:
    title, text = "Hướng dẫn chơi", "Nổ hũ dễ thắng cho người mới, tham gia cùng chúng tôi."
    assert gambling_spam(title, text) is None
    assert gambling_spam(title, text, "https://so.gov.vn/upload/jun88-vip.html", ["https://789bet.vip/dang-ky"])


@given(st.text(max_size=200), st.text(max_size=400))
def test_any_text_is_read(title: str, text: str) -> None:
    assert gambling_spam(title, text) is None or gambling_spam(title, text)


OFFERED = (
    "nhà cái",
    "slot gacor",
    "togel",
    "soi kèo",
    "game bài",
    "สล็อต",
    "百家乐",
    "kubet88",
    "link vào",
    "daftar",
    "tin",
)


@given(
    st.lists(
        st.tuples(st.sampled_from(OFFERED), st.sampled_from([" ", "", "\n", "\xa0", ", ", "-", "  "])), max_size=12
    )
)
def test_the_first_look_at_its_words_lets_no_advertisement_off(pieces: list[tuple[str, str]]) -> None:
    text = "".join(word + glue for word, glue in pieces).upper()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spam, "_stems", lambda _: frozenset(("",)))  # every text has it
        expected = gambling_spam("", text)
    assert gambling_spam("", text) == expected


def test_a_planted_page_is_quarantined_and_the_news_about_it_is_not() -> None:
    titles = {"/tin-tuc/trong-rung-1.html": "Hội nghị trồng rừng", "/tin-tuc/triet-pha-2.html": NEWS[0][0]}
    pages = {path: article(title) for path, title in titles.items()}
    pages["/tin-tuc/triet-pha-2.html"] = page(
        f'<h1>{NEWS[0][0]}</h1><div class="content"><p>{NEWS[0][1]}</p><p>{NEWS[0][1]}</p></div>', title=NEWS[0][0]
    )
    pages["/tin-tuc/789bet-3.html"] = page(
        f'<h1>{SPAM[0][0]}</h1><div class="content"><p>{SPAM[0][1]}</p><p>{SPAM[1][1]}</p></div>', title=SPAM[0][0]
    )
    home = page('<meta name="generator" content="NukeViet v4.5">', *(link(path, f"Bài {path}") for path in pages))
    pipelines = {
        "portal_crawler.pipelines.ExtractArticle": 100,
        "portal_crawler.crawling.learning.HeldCaptures": 900,
    }
    extensions = {"portal_crawler.archive.rejects.KeepRejects": 100}
    with PortalServer({"/": home, **pages}) as server:
        settings = {"ITEM_PIPELINES": pipelines, "EXTENSIONS": extensions, "PORTAL_REJECTS": ""}
        done = crawl("unseen", settings, url=f"{server.url}/", platform="nukeviet")
    assert done.stats["rejected/spam"] == 1, done.log
    assert done.stats["item_scraped_count"] == 2
