"""Advertisements for gambling that strangers have planted on a portal, told from news about gambling.

Planted pages give themselves away by what a public body never says: names of games and betting brands together with
calls to play (promotional infections of government domains: Liao et al., "Seeking Nonsense, Looking for Trouble", IEEE
S&P 2016; vocabulary of planted pages on .go.id: Nurseno et al., Matrik 23(2), 2024, doi 10.30812/matrik.v23i2.3824; of
Chinese ones: Yang et al., "How to Learn Klingon without a Dictionary", IEEE S&P 2017). The Vietnamese and Thai words
are those of such pages in public web collections. News and warnings about gambling name games, too, but in the words
of the police and the courts.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from portal_crawler.extraction.decode import composed

if TYPE_CHECKING:
    from collections.abc import Iterable

# Names of games and offers. Words that news uses for the crime alone (đánh bạc, cá độ, lô đề) are not among them.
OFFERS = re.compile(
    r"""
    nhà\ cái | nổ\ hũ | tài\ xỉu | soi\ (?:kèo|cầu) | kèo\ (?:nhà\ cái|bóng\ đá|tài) | tỷ\ lệ\ kèo
  | xóc\ đĩa\ (?:online|đổi)
  | game\ (?:bài|slot|nổ) | bài\ đổi\ thưởng | bắn\ cá\ (?:đổi|online|h5) | đá\ gà\ (?:trực\ tiếp|thomo|online)
  | casino\ (?:trực\ tuyến|online|uy\ tín) | (?:baccarat|bầu\ cua|roulette|poker)\ (?:online|trực\ tuyến)
  | cá\ cược\ (?:thể\ thao|bóng\ đá|trực\ tuyến|online) | lô\ đề\ (?:online|trực\ tuyến) | thần\ tài\ 39 | quay\ hũ
  | slot\ (?:gacor|online|777|88|demo|deposit|terpercaya) | judi\ (?:online|bola|slot)
  | situs\ (?:slot|judi|gacor|toto)
  | togel | gacor | maxwin | rtp\ (?:live|slot) | bandar\ (?:slot|togel|bola) | scatter\ hitam
  | สล็อต | บาคาร่า | คาสิโน | เว็บตรง | แทงบอล | พนันออนไลน์ | หวยออนไลน์ | เครดิตฟรี | ยิงปลา | แตกง่าย
  | 博彩 | 赌场 | 棋牌 | 百家乐 | 娱乐城 | 老虎机 | 时时彩 | 六合彩 | 真人荷官 | 体育投注 | 彩票平台 | 北京赛车 | 投注网
    """,
    re.VERBOSE,
)
# One of these stands in every offer: looking for them first costs a fraction of the expression.
STEMS = (
    *("nhà cái", "nổ hũ", "tài xỉu", "soi ", "kèo", "xóc đĩa", "game ", "đổi thưởng", "bắn cá", "đá gà", "casino"),
    *("baccarat", "bầu cua", "roulette", "poker", "cá cược", "lô đề", "thần tài", "quay hũ", "slot", "judi", "situs"),
    *("togel", "gacor", "maxwin", "rtp ", "bandar", "scatter", "สล็อต", "บาคาร่า", "คาสิโน", "เว็บตรง", "แทงบอล"),
    *("พนัน", "หวย", "เครดิต", "ยิงปลา", "แตกง่าย", "博彩", "赌场", "棋牌", "百家乐", "娱乐城", "老虎机", "时时彩"),
    *("六合彩", "荷官", "投注", "彩票", "北京赛车"),
)
# A name with a betting word or a lucky number at its end: kubet, 789bet, sunwin, jun88, go88.
BRANDS = re.compile(
    r"\b(?:\w{1,8}(?:bet|casino|slots?)(?:\d{1,3})?|\d{2,3}(?:bet|win|club|vip)|"
    r"(?:sun|ku|go|iwin|rik|hit|b52|new|jun|hi|sh|mb|fun|vn|bk|fb|kim|man|typhu|zo|nohu|lode|ta|abc|xin|yo|red|ok)"
    r"(?:win|club|vip|66|68|77|777|79|88|888|99))\b",
    re.ASCII,
)
# English words that end like brands.
NO_BRANDS = re.compile(r"\b(?:alphabet|sherbet|tibet|diabet|gibbet|abet|quodlibet)\b")
CALLS = re.compile(
    r"""
    link\ (?:vào|truy\ cập|đăng\ (?:ký|nhập))
  | (?:đăng\ ký|tải\ (?:app|game)|tải\ ngay)\ (?:ngay|nhận|tài\ khoản|chơi)
  | nhận\ (?:ngay\ )?(?:thưởng|khuyến\ mãi|code|giftcode) | tặng\ \d+\s?k | hoàn\ trả
  | nạp\ (?:đầu|rút|tiền\ lần) | rút\ tiền\ nhanh
  | khuyến\ mãi | uy\ tín\ (?:nhất|số\ 1|hàng\ đầu) | tỷ\ lệ\ (?:thưởng|trả\ thưởng|ăn) | chơi\ ngay | giftcode
  | trải\ nghiệm\ cá\ cược
  | daftar | bonus | deposit | terpercaya | link\ alternatif | gampang\ menang | resmi
  | สมัคร | ฝาก | ถอน | โบนัส | แจก | 注册 | 开户 | 平台 | 官网 | 下载 | 优惠 | 首存 | 送
    """,
    re.VERBOSE,
)
# How the police, the courts and their press offices speak.
JUSTICE = re.compile(
    r"""
    khởi\ tố | bắt\ (?:giữ|quả\ tang|tạm\ giam|khẩn\ cấp) | triệt\ (?:phá|xóa) | bị\ can | bị\ cáo | đối\ tượng
  | đường\ dây
  | công\ an | viện\ kiểm\ sát | tòa\ án | tội\ (?:đánh\ bạc|tổ\ chức|phạm) | xử\ phạt | vi\ phạm | cảnh\ báo
  | tuyên\ truyền
  | phòng,?\ chống | ngăn\ chặn | lừa\ đảo | trái\ (?:phép|pháp\ luật) | tang\ vật | điều\ tra | hành\ vi | xử\ lý
    """,
    re.VERBOSE,
)
NO_WORD = re.compile(r"[\W_]+")
# So many different offers, brands and calls make an advertisement; of a text in the words of justice, far more.
ENOUGH, ENOUGH_IN_NEWS = 3, 12


def gambling_spam(title: str, text: str, url: str = "", links: Iterable[str] = ()) -> str | None:
    """The evidence that a page advertises gambling, in words; None if it does not.

    Args:
        title: The headline.
        text: The body; an advertisement shows itself in its first 20,000 characters.
        url: The page's address: planted pages bear the name of what they sell.
        links: Addresses that the body leads to.
    """
    said = _words(f"{title} {text[:20_000]}")
    # Most texts are let off after a look at their different words.
    stems, look = frozenset().union(*map(_stems, set(said))), " ".join(said)
    if not any(stem in look for stem in stems):
        return None
    head, body = _plain(title), _plain(text[:20_000])
    words = f"{head}\n{body}"
    offers = set(OFFERS.findall(words))
    if not offers:
        return None
    address = _plain(NO_WORD.sub(" ", url))
    brands = _brands(f"{words}\n{address}\n{_plain(NO_WORD.sub(' ', ' '.join(links)))}")
    calls = set(CALLS.findall(words))
    justice = set(JUSTICE.findall(words))
    # What is in the headline or the address is what the page is about.
    points = (
        len(offers) + len(brands) + min(len(calls), 3) + 2 * bool(OFFERS.search(head) or _brands(f"{head}\n{address}"))
    )
    sells = calls or len(offers) + len(brands) >= ENOUGH
    if not sells or points < (ENOUGH_IN_NEWS if len(justice) >= 2 else ENOUGH):
        return None
    return f"advertises gambling: {', '.join(sorted(offers | brands)[:6])}"


@lru_cache(maxsize=50_000)
def _stems(word: str) -> frozenset[str]:
    """The stems that a text may have because of one of its words: those in it, and those that begin at its end."""
    return frozenset(
        stem
        for stem, (first, space, _) in ((stem, stem.partition(" ")) for stem in STEMS)
        if (word.endswith(first) if space else first in word)
    )


def _brands(text: str) -> set[str]:
    return set(BRANDS.findall(NO_BRANDS.sub(" ", text)))


def _plain(text: str) -> str:
    return " ".join(_words(text))


def _words(text: str) -> list[str]:
    return composed(text).lower().split()
