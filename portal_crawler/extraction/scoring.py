"""How much each block of a page looks like text of its article: features and a small fitted model.

The features are shallow, after Kohlschütter, Fankhauser and Nejdl (2010, "Boilerplate Detection using Shallow Text
Features"): words, link density, punctuation, and the same of the neighbours; and structural, after Readability: the
elements that paragraphs vote for. The model is an ensemble of small regression trees, fitted offline over public gold
pages by ``benchmarks/fit.py``, and read from ``text_model.json``: plain numbers, no library at run time.
"""

from __future__ import annotations

import ast
import json
import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from math import exp, log1p
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from portal_crawler.extraction.widgets import says

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal_crawler.extraction.blocks import Block
    from portal_crawler.extraction.page import Element, Page
    from portal_crawler.extraction.ways import Way

PARAGRAPH_WORDS = 12
LINKED = 0.5
# So many blocks away from running text, blocks of few words or mostly of links are not looked at; their log-odds.
FAR = 5
FEW_WORDS = 5
MOSTLY_LINKED = 0.8
HOPELESS = -6.0
# So many characters are a text, be they one paragraph or the cells of a table.
SOME_TEXT = 200
# Pages of more blocks are not looked at block by block, so that none takes longer than seconds.
MOST_SCORED = 20_000

BASE = (
    dict.fromkeys(("section", "td", "pre", "blockquote"), 3)
    | dict.fromkeys(("form", "ul", "ol", "dl", "li", "address"), -3)
    | dict.fromkeys(("h1", "h2", "h3", "h4", "th"), -5)
    | {"div": 5, "article": 10, "main": 8, "a": -20}
)
LEAF = frozenset(("p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "span", "dd", "dt"))
TAGS = (
    dict.fromkeys(("li", "dd", "dt"), 2)
    | dict.fromkeys(("td", "th"), 3)
    | dict.fromkeys(("h4", "h5", "h6"), 8)
    | dict.fromkeys(("blockquote", "pre"), 9)
    | dict.fromkeys(("body", "center"), 10)
    | dict.fromkeys(("article", "section"), 12)
    | {"p": 1, "div": 4, "h1": 5, "h2": 6, "h3": 7, "figcaption": 11}
)
_DATE = re.compile(r"\b\d{1,2}[/.-]\d{1,2}[/.-](?:19|20)\d\d\b|\b(?:19|20)\d\d-\d\d-\d\d")
# Han and kana are written without spaces; about so many characters make a word.
_HAN = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
SENTENCE_ENDS = (".", "!", "?", "…", ":", ";", "”", '"', "。", "»", ")", "“")

FEATURES = (
    "words", "link_density", "ends", "commas", "digits", "tag", "depth", "order", "before", "words_1", "links_1",
    "words_2", "links_2", "words+1", "links+1", "words+2", "links+2", "window", "window_links", "marked",
    "marked_levels", "says", "hints", "in_region", "score", "rank", "region_share", "region_links", "parent_length",
    "parent_links", "style", "style_links", "to_text_before", "to_text_after", "after_last", "before_first",
    "shared_levels", "title", "capitals", "alone", "behind_title", "behind_date",
)  # fmt: skip


@dataclass(slots=True)
class Outline:
    """The elements of a page that hold text, parents before children, with what stands under each.

    Attributes:
        places: For each block, the place of its element in the lists below.
        elements: The elements.
        parent: Place of the parent; -1 for the root.
        ways: The way to each.
        length: Characters of text under it.
        linked: Of them, in links.
        running: Of them, in paragraphs.
        blocks: Blocks under it, hidden ones left out.
        score: Votes of the paragraphs, as Readability counts them.
    """

    places: list[int]
    elements: list[Element]
    parent: list[int]
    ways: list[Way]
    length: list[int]
    linked: list[int]
    running: list[int]
    blocks: list[int]
    score: list[float]
    region: int
    text: int

    def text_region(self) -> int:
        """Place of the element that holds the text: the one around the region, where that is a single paragraph."""
        node = self.text
        while self.blocks[node] == 1 and self.parent[node] > 0 and self.ways[self.parent[node]].tag != "body":
            node = self.parent[node]
        return node


def words_of(block: Block) -> int:
    """Number of words; in scripts without spaces two characters count as one."""
    text = block.text
    if block.words * 12 < len(text) and not text.isascii():
        return max(block.words, len(_HAN.findall(text)) // 2)
    return block.words


def outline(found: list[Block], words: list[int]) -> Outline:
    """Count the text under each element and let paragraphs vote for the elements around them.

    Args:
        found: Blocks of the page.
        words: Their numbers of words.
    """
    out = _entered(found)
    votes: dict[int, float] = {}
    parent = out.parent
    for at, block, count in zip(out.places, found, words, strict=True):
        if block.hidden:
            continue
        size = len(block.text)
        out.length[at] += size
        out.linked[at] += block.linked
        out.blocks[at] += 1
        if size < 25 or block.linked > LINKED * size:
            continue
        if count >= PARAGRAPH_WORDS:
            out.running[at] += size
        points = 1.0 + block.text.count(",") + block.text.count("，") + min(size / 100, 3.0)
        node = parent[at] if block.way.tag in LEAF else at
        for share in (1.0, 0.5, 0.25):
            if node < 1:
                break
            votes[node] = votes.get(node, 0.0) + points * share
            node = parent[node]
    _sum_up(out)
    _elect(out, votes)
    return out


def _entered(found: list[Block]) -> Outline:
    """The elements of the blocks and those around them, of which nothing is counted yet."""
    index: dict[Element, int] = {}
    elements: list[Element] = []
    parent: list[int] = []
    ways: list[Way] = []
    places: list[int] = []
    for block in found:
        node: Element | None = block.element
        way: Way | None = block.way
        chain: list[tuple[Element, Way]] = []
        while node is not None and way is not None and node not in index:
            chain.append((node, way))
            node, way = node.getparent(), way.above
        at = index[node] if node is not None else -1
        for new, its in reversed(chain):
            parent.append(at)
            at = index[new] = len(elements)
            elements.append(new)
            ways.append(its)
        places.append(at)
    length, linked, running, blocks = ([0] * len(elements) for _ in range(4))
    return Outline(places, elements, parent, ways, length, linked, running, blocks, [0.0] * len(elements), -1, -1)


def _sum_up(out: Outline) -> None:
    """Add what stands under each element to what stands under its parent; children come after parents."""
    length, linked, running, count = out.length, out.linked, out.running, out.blocks
    for at in range(len(out.parent) - 1, 0, -1):
        above = out.parent[at]
        length[above] += length[at]
        linked[above] += linked[at]
        running[above] += running[at]
        count[above] += count[at]


def _elect(out: Outline, votes: dict[int, float]) -> None:
    """Weigh the votes by what the elements are called and how much of them is links; the first is the region.

    A name speaks for an element that holds a text: headlines, dates and counters stand in "contentheading", "titleNews"
    and "article-info". The model was fitted to names that speak for all; the text is sought among those alone.
    """
    best = most = 0.0
    for node, points in votes.items():
        way = out.ways[node]
        free = 1.0 - out.linked[node] / (out.length[node] or 1)
        plain = points + BASE.get(way.tag, 0)
        value = out.score[node] = (plain + 25.0 * way.own_hint) * free
        if value > best:
            best, out.region = value, node
        text = out.length[node] >= SOME_TEXT or (out.running[node] > 0 and out.blocks[node] > 1)
        if (value := value if text or way.own_hint < 0 else plain * free) > most:
            most, out.text = value, node


class _Measures(NamedTuple):
    """What is told of each block by itself and by its element, and how far it is from running text."""

    sizes: list[int]
    linked: list[int]
    density: list[float]
    logs: list[float]
    places: list[int]
    looks: list[list[int]]
    shared: list[int]
    back: list[int]
    ahead: list[int]
    first: int
    last: int


def _measured(found: list[Block], words: list[int], out: Outline) -> _Measures:
    count = len(found)
    sizes = [len(block.text) for block in found]
    linked = [block.linked for block in found]
    density = [number / size for number, size in zip(linked, sizes, strict=True)]
    places, shared = out.places, _shared(out)
    texts = [n for n in range(count) if words[n] >= PARAGRAPH_WORDS and density[n] < LINKED and not found[n].hidden]
    inner = [n for n in texts if shared[places[n]] == 0] or texts
    first, last = (inner[0], inner[-1]) if inner else (count, -1)
    logs = [log1p(number) for number in words]
    looks = _looks(found, sizes, linked)
    return _Measures(sizes, linked, density, logs, places, looks, shared, *_distances(count, inner), first, last)


def _looks(found: list[Block], sizes: list[int], linked: list[int]) -> list[list[int]]:
    """Of each block: characters, characters in links and number of all blocks that look like it."""
    style: dict[int, list[int]] = {}
    looks = []
    for block, size, links in zip(found, sizes, linked, strict=True):
        entry = style.setdefault(block.way.signature, [0, 0, 0])
        entry[0] += size
        entry[1] += links
        entry[2] += 1
        looks.append(entry)
    return looks


def rows(
    page: Page, found: list[Block], words: list[int], out: Outline, *, every: bool = False
) -> list[list[float] | None]:
    """The features of each block, in the order of ``FEATURES``.

    Without ``every`` the blocks that are no text whatever else there is to say of them (a few words or a link, far from
    any running text) have None, which saves most of the work.
    """
    count = len(found)
    sizes, linked, density, logs, places, looks, shared, back, ahead, first, last = _measured(found, words, out)
    total = sum(sizes) or 1
    region = out.region
    best = out.score[region] if region >= 0 else 1.0
    region_length = out.length[region] if region >= 0 else 0
    region_links = out.linked[region] / (region_length or 1) if region >= 0 else 1.0
    title = (page.title or "")[:300]
    headlines, stamps = _landmarks(page, found, words)
    result: list[list[float] | None] = []
    so_far = 0
    for n, (block, at, size, look) in enumerate(zip(found, places, sizes, looks, strict=True)):
        before, so_far = so_far, so_far + size
        far = back[n] > FAR and ahead[n] > FAR and shared[at] > 0
        if far and not every and (words[n] < FEW_WORDS or density[n] > MOSTLY_LINKED):
            result.append(None)
            continue
        text, way = block.text, block.way
        above = out.parent[at] if out.parent[at] >= 0 else at
        low, high = max(0, n - 3), min(count, n + 4)
        near = sum(sizes[low:high])
        score = max(out.score[at], out.score[above])
        parent_length = out.length[above] or 1
        result.append([
            logs[n], density[n], 1.0 if text.endswith(SENTENCE_ENDS) else 0.0, min(5.0, float(text.count(","))),
            sum(map(text[:60].count, "0123456789")) / min(size, 60), TAGS.get(way.tag, 0),
            float(way.depth), n / count, before / total,
            logs[n - 1] if n else -1.0, density[n - 1] if n else -1.0,
            logs[n - 2] if n > 1 else -1.0, density[n - 2] if n > 1 else -1.0,
            logs[n + 1] if n + 1 < count else -1.0, density[n + 1] if n + 1 < count else -1.0,
            logs[n + 2] if n + 2 < count else -1.0, density[n + 2] if n + 2 < count else -1.0,
            log1p(near), sum(linked[low:high]) / near,
            0.0 if way.widget is None else 1.0, -1.0 if way.widget is None else float(way.levels),
            1.0 if size < 160 and says(text) is not None else 0.0, float(way.hint),
            1.0 if shared[at] == 0 else 0.0, score, score / best if best > 0 else 0.0,
            region_length / total, region_links, log1p(parent_length), out.linked[above] / parent_length,
            look[0] / total, look[1] / (look[0] or 1), float(back[n]), float(ahead[n]),
            float(min(20, n - last)) if n > last else 0.0, float(min(20, first - n)) if n < first else 0.0,
            float(shared[at]), 1.0 if 10 < size < 300 and text in title else 0.0,
            sum(map(str.isupper, text[:40])) / min(size, 40), float(min(20, look[2])),
            _behind(headlines, n), _behind(stamps, n),
        ])  # fmt: skip
    return result


def _landmarks(page: Page, found: list[Block], words: list[int]) -> tuple[list[int], list[int]]:
    """Places of what looks like a headline, and of the short lines with a date."""
    title = f"{page.title or ''} {page.meta.get('og:title', '')}"[:600]
    headlines, stamps = [], []
    for place, (block, count) in enumerate(zip(found, words, strict=True)):
        text = block.text
        if count > 3 and len(text) < 300 and (block.way.tag == "h1" or block.way.titled or text in title):
            headlines.append(place)
        if len(text) < 100 and ("20" in text or "19" in text) and _DATE.search(text):
            stamps.append(place)
    return headlines, stamps


def _behind(places: list[int], place: int) -> float:
    """How many blocks, at most 20, stand between a place and the last of these before it."""
    before = bisect_left(places, place)
    return min(20.0, float(place - places[before - 1] - 1)) if before else 20.0


def _shared(out: Outline) -> list[int]:
    """How many levels above the region the common ancestor of it and each element is; 0 inside the region."""
    shared = [-1] * len(out.parent)
    node, step = out.region, 0
    while node >= 0:
        shared[node] = min(30, step)
        node, step = out.parent[node], step + 1
    for at, above in enumerate(out.parent):  # parents before children
        if shared[at] < 0:
            shared[at] = shared[above] if above >= 0 else 30
    return shared


def _distances(count: int, texts: list[int]) -> tuple[list[int], list[int]]:
    """Number of blocks to the nearest running text before and after each block, at most 20."""
    is_text = [False] * count
    for n in texts:
        is_text[n] = True
    back, ahead, far = [], [0] * count, 20
    for n in range(count):
        far = 0 if is_text[n] else min(20, far + 1)
        back.append(far)
    far = 20
    for n in range(count - 1, -1, -1):
        far = 0 if is_text[n] else min(20, far + 1)
        ahead[n] = far
    return back, ahead


# ------------------------------------------------------------------ the model

# Trees in one: their sum over a block's features.
Trees: TypeAlias = "Callable[[list[float]], float]"
# Once the sum of this many trees is so far from the threshold, the rest of them changes nothing.
_GLANCE = 24
_SURE = 3.0


@dataclass(slots=True)
class Scored:
    """A page's blocks with what the model thinks of them.

    Attributes:
        words: Number of words of each block.
        logits: Log-odds of each block to be text of the article; 0 is even.
        outline: The elements around them.
    """

    words: list[int]
    logits: list[float]
    outline: Outline


def score(page: Page, found: list[Block]) -> Scored:
    """Score the blocks of a page, or what is left of them without its site's template."""
    words = [words_of(block) for block in found]
    if len(found) > MOST_SCORED:
        return Scored(words, _guessed(found, words), outline([], []))
    around = outline(found, words)
    return Scored(
        words, [HOPELESS if row is None else log_odds(row) for row in rows(page, found, words, around)], around
    )


def _guessed(found: list[Block], words: list[int]) -> list[float]:
    """Rough log-odds for pages of so many blocks that features would take seconds: more than a link or a word."""
    return [
        0.5 if not block.linked and count >= FEW_WORDS else HOPELESS for block, count in zip(found, words, strict=True)
    ]


def probability(logit: float) -> float:
    """Log-odds as a probability."""
    return 1.0 / (1.0 + exp(-max(-30.0, min(30.0, logit))))


def log_odds(row: list[float]) -> float:
    """What the fitted trees say of one block's features."""
    glance, rest = _model()
    total = glance(row)
    return total if not -_SURE < total < _SURE else total + rest(row)


@lru_cache(maxsize=1)
def _model() -> tuple[Trees, Trees]:
    model = json.loads(files("portal_crawler.extraction").joinpath("text_model.json").read_text("utf-8"))
    if model.get("format") != 1 or tuple(model.get("features", ())) != FEATURES:
        raise ValueError("text_model.json was fitted to other features: run benchmarks/fit.py")
    return compiled(model["trees"])


def compiled(trees: list[Any]) -> tuple[Trees, Trees]:
    """The first trees, which settle most blocks, and the rest, each as a function of a block's features.

    Walking nested lists costs more than anything else of a page, so the trees are made one expression of conditionals.

    Args:
        trees: Each ``[feature, threshold, tree if not above, tree otherwise]`` or a number, as ``fit.py`` writes them.
    """
    return _sum(trees[:_GLANCE]), _sum(trees[_GLANCE:])


def _sum(trees: list[Any]) -> Trees:
    whole: ast.expr = ast.Constant(0.0)
    for tree in trees:
        whole = ast.BinOp(whole, ast.Add(), _conditional(tree))
    row = ast.arguments(posonlyargs=[], args=[ast.arg("row")], kwonlyargs=[], kw_defaults=[], defaults=[])
    code = compile(ast.fix_missing_locations(ast.Expression(ast.Lambda(row, whole))), "text_model.json", "eval")
    # Nothing but numbers of this package's own file is in it: no name, no call, no text.
    function: Trees = eval(code, {"__builtins__": {}})  # noqa: S307
    return function


def _conditional(node: Any) -> ast.expr:
    """A tree as an expression; trees are a few levels deep."""
    if not isinstance(node, list):
        return ast.Constant(float(node))
    feature, threshold, low, high = node
    value = ast.Subscript(ast.Name("row", ast.Load()), ast.Constant(int(feature)), ast.Load())
    test = ast.Compare(value, [ast.LtE()], [ast.Constant(float(threshold))])
    return ast.IfExp(test, _conditional(low), _conditional(high))
