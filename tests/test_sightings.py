"""What a crawl has seen of each address is the same whether it stands in memory or on disk."""

from __future__ import annotations

import pickle
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_crawler.crawling import sightings as module
from portal_crawler.crawling.chains import ListChains
from portal_crawler.crawling.rules import Judgement
from portal_crawler.crawling.sightings import ASKED, DONE, OPEN, Marked, Sightings
from portal_crawler.crawling.state import PortalState
from portal_crawler.items import Capture
from portal_crawler.platforms.portal import PortalSpider

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEYS = [f"a.example/{name}" for name in ("Tin-1", "tin-1", "tin-2", "TIN-2", "tin-3", "chuyên-mục", "list#2", "list#3")]


def link(key: str, more: str = "") -> Judgement:
    return Judgement("article", f"http://{key}{more}", key)


def capture(key: str) -> Capture:
    return Capture(url=f"http://{key}", body=b"", fetched_at=datetime(2026, 6, 4, tzinfo=UTC))


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two addresses of each generation are in memory."""
    monkeypatch.setattr(module, "GENERATION", 2)


def told(sightings: Sightings, key: str) -> tuple[Any, ...]:
    known = sightings.get(key)
    said = known and (
        known.addresses, known.text, known.date, known.section, known.sure, known.asked, known.looks
    )  # fmt: skip
    return sightings.done(key), sightings.bears(key, ASKED), sightings.label(key), said


def complete(sightings: Sightings, key: str, _: str) -> Capture:
    sightings.complete(key, found := capture(key))
    return found


def ask(sightings: Sightings, key: str, _: str) -> None:
    if (known := sightings.get(key)) is not None:
        known.ask()
        known.look()


STEPS: list[Callable[[Sightings, str, str], Any]] = [
    complete,
    ask,
    lambda sightings, key, word: sightings.see(link(key, f"?{word}")) is None,
    lambda sightings, key, word: sightings.describe(key, word, word),
    lambda sightings, key, word: sightings.place(key, [word], 1),
    lambda sightings, key, _: sightings.forget(key),
    lambda sightings, key, _: sightings.mark(key, ASKED),
    lambda sightings, key, word: sightings.fresh(key, (len(word), 4)),
    lambda sightings, key, word: sightings.call(key, word),
    lambda sightings, key, _: sightings.reopen(key),
    lambda sightings, *_: sightings.respell(str.lower),
    lambda sightings, *_: sightings.unask("a.example/list#"),
]
WORDS = st.sampled_from(["một", "hai hai", "ba ba ba"])


@given(st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from(KEYS), WORDS), max_size=40))
def test_what_is_known_does_not_depend_on_what_is_in_memory(steps: list[Any]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        whole, few = Sightings(), Sightings()
        for step, key, word in steps:
            patch.setattr(module, "GENERATION", 1000)
            expected = step(whole, key, word)
            patch.setattr(module, "GENERATION", 1)
            assert step(few, key, word) == expected
        assert (len(few), few.fetched()) == (len(whole), whole.fetched())
        assert few.marks() == whole.marks()
        assert [told(few, key) for key in KEYS] == [told(whole, key) for key in KEYS]


@pytest.mark.usefixtures("few")
def test_spellings_of_one_address_are_put_together_on_disk_as_well() -> None:
    sightings = Sightings()
    for number, key in enumerate(KEYS):
        sightings.see(link(key))
        sightings.describe(key, "Hội nghị " * number, None)
    sightings.mark(KEYS[0], ASKED)
    sightings.respell(str.lower)
    known = sightings.get("a.example/tin-1")
    assert known is not None
    assert known.addresses == ("http://a.example/tin-1", "http://a.example/Tin-1")
    assert known.text == "Hội nghị "
    assert sightings.get("a.example/Tin-1") is None and len(sightings) == len(KEYS) - 2
    assert "a.example/tin-1" in Marked(sightings, ASKED)


@pytest.mark.usefixtures("few")
def test_the_steps_of_one_list_are_asked_for_again() -> None:
    sightings = Sightings()
    asked = Marked(sightings, ASKED)
    keys = [f"a.example/ds.aspx{more}" for more in ("#2", "#3", "", "2#2")]
    for key in keys:
        asked.add(key)
    sightings.unask("a.example/ds.aspx#")
    assert [key in asked for key in keys] == [False, False, True, True]


@pytest.mark.usefixtures("few")
def test_what_was_not_committed_is_rolled_back_with_the_queue(tmp_path: Path) -> None:
    state = PortalState(tmp_path / "a.sqlite")
    sightings = Sightings()
    sightings.stand_in(state.database)
    for key in KEYS[:4]:
        sightings.see(link(key))
    sightings.complete(KEYS[0], capture(KEYS[0]))
    sightings.write()
    state.commit()
    for key in KEYS:
        sightings.complete(key, capture(key))
    sightings.write()
    state.close()  # as a kill would

    state = PortalState(tmp_path / "a.sqlite")
    again: Sightings = pickle.loads(pickle.dumps(sightings))
    again.stand_in(state.database)
    assert (len(again), again.fetched()) == (4, 1)
    assert [again.done(key) for key in KEYS] == [True] + [False] * 7
    state.begin_crawl()
    again.stand_in(state.database)
    assert len(again) == 0 and not again.done(KEYS[0])
    state.close()


@pytest.mark.usefixtures("few")
def test_a_copy_tells_all() -> None:
    sightings, other = Sightings(), Sightings()
    chains = ListChains(sightings=sightings)
    for key in KEYS:
        sightings.see(link(key))
    sightings.complete(KEYS[0], capture(KEYS[0]))
    chains.turn("a.example/list", KEYS)
    other.take_up(sightings.copy())
    assert other.marks() == sightings.marks()
    assert not ListChains(1, other).turn("a.example/list", KEYS), "the list has shown them before"


def test_once_the_disk_has_failed_nothing_is_taken_for_known() -> None:
    """The page at which it fails has noted half of its links: no checkpoint may keep that."""
    sightings, database = Sightings(), sqlite3.connect(":memory:", isolation_level=None)
    database.executescript(module.TABLES)
    sightings.stand_in(database)
    sightings.see(link(KEYS[0]))
    sightings.check()
    database.execute("DROP TABLE sightings")
    with pytest.raises(sqlite3.Error):
        sightings.see(link(KEYS[1]))
    database.executescript(module.TABLES)
    for fails in (sightings.check, sightings.write):
        with pytest.raises(sqlite3.Error):
            fails()


def test_what_a_checkpoint_writes_of_the_spider_does_not_grow_with_the_addresses() -> None:
    spider = PortalSpider("portal", url="http://a.example/")

    def meet(numbers: range) -> int:
        for number in numbers:
            key = f"a.example/tin-tuc/hoi-nghi-{number}.html"
            spider.asked.add(key)
            spider.ways.note(key, "listing")
            spider.sightings.see(link(key))
            spider.sightings.describe(key, f"Hội nghị tổng kết lần thứ {number}", "04/06/2026")
            spider.chains.turn("a.example/tin-tuc/", {key})
            spider.budget.visited(f"http://{key}", (), article=key, content=number, linked=[key])
        return len(pickle.dumps(spider.knowledge()))

    few = meet(range(100))
    assert abs(meet(range(100, 5_000)) - few) < 100
    known = spider.sightings.get("a.example/tin-tuc/hoi-nghi-7.html")
    assert known is not None and known.text == "Hội nghị tổng kết lần thứ 7"
    assert spider.sightings.marks().keys() == {known.marks} and known.marks & OPEN and not known.marks & DONE
