"""Measures what a crawl of the sample province exported beside the truth."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from portal_crawler.sample.truth import PortalTruth, TruthArticle

WORD = re.compile(r"\w+")


def words(text: str) -> Counter[str]:
    """How often each word stands in a text; words are runs of letters and digits of the NFC text."""
    return Counter(WORD.findall(unicodedata.normalize("NFC", text)))


def word_f1(found: str, expected: str) -> float:
    """Harmonic mean of precision and recall over the words of two texts, each counted as often as it stands there.

    Two empty texts agree wholly.
    """
    ours, theirs = words(found), words(expected)
    total = ours.total() + theirs.total()
    return 2 * (ours & theirs).total() / total if total else 1.0


@dataclass(slots=True, kw_only=True)
class PortalScore:
    """How a crawl of one portal compares with its truth.

    Attributes:
        portal: Name of the spider.
        expected: Articles that the portal holds.
        found: Articles of the truth that the export holds, each counted once.
        missing: Addresses of those that it lacks.
        extra: Addresses of exported items that are no article of the truth, or that repeat one.
        f1: Mean word F1 over the found articles; 0 where none was found.
        exact: How many of the found articles have each field exactly as in the truth.
        wrong: (field, address, found, expected) of each field that differs.
        low: (F1, address) of the found articles, worst first.
        leaked: (address, string) of widget strings in titles, leads and texts.
    """

    portal: str
    expected: int
    found: int = 0
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    f1: float = 0.0
    exact: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[str, str, Any, Any]] = field(default_factory=list)
    low: list[tuple[float, str]] = field(default_factory=list)
    leaked: list[tuple[str, str]] = field(default_factory=list)

    @property
    def perfect(self) -> bool:
        """Whether every article was found, nothing else, and no widget leaked."""
        return self.found == self.expected and not self.extra and not self.leaked


def score(truth: PortalTruth, key_of: Callable[[str], str | None], exported: Iterable[dict[str, Any]]) -> PortalScore:
    """Compare exported articles (the records of a feed) with a portal's truth.

    Args:
        truth: What the portal holds.
        key_of: Tells the key of the article that an address shows.
        exported: The exported records.
    """
    expected = {article.key: article for article in truth.articles}
    result = PortalScore(portal=truth.portal, expected=len(expected))
    seen: set[str] = set()
    for record in exported:
        key = key_of(record["canonical_url"]) or key_of(record["url"])
        article = expected.get(key or "")
        if article is None or article.key in seen:
            result.extra.append(record["url"])
            continue
        seen.add(article.key)
        _compare(result, article, record)
        result.leaked += [(record["url"], string) for string in leaks(truth, article, record)]
    result.found = len(seen)
    result.missing = [article.url for key, article in expected.items() if key not in seen]
    result.low.sort()
    result.f1 = sum(f1 for f1, _ in result.low) / len(result.low) if result.low else 0.0
    return result


def _compare(result: PortalScore, article: TruthArticle, record: dict[str, Any]) -> None:
    result.low.append((word_f1(record["text"], article.text), record["url"]))
    document = record["document"] or {}
    pairs: dict[str, tuple[Any, Any]] = {
        name: (record[name], getattr(article, name))
        for name in ("title", "lead", "author", "source", "published_at", "modified_at", "tags", "section", "kind")
    }
    pairs["captions"] = ([image["caption"] for image in record["images"] if image["caption"]], article.captions)
    pairs["attachments"] = (
        sorted(file["url"] for file in record["attachments"]),
        sorted(file.url for file in article.attachments),
    )
    if article.document is not None:
        pairs["document"] = ({name: document.get(name) for name in article.document}, article.document)
    for name, (ours, theirs) in pairs.items():
        if ours == theirs:
            result.exact[name] += 1
        else:
            result.wrong.append((name, record["url"], ours, theirs))


def leaks(truth: PortalTruth, article: TruthArticle, record: dict[str, Any]) -> list[str]:
    """The widget strings that stand in an exported article and not in the true one."""
    printed = "\n".join(filter(None, (record["title"], record["lead"], record["text"], record["author"])))
    own = "\n".join(filter(None, (article.title, article.text, article.author)))
    return [string for string in truth.widgets if string in printed and string not in own]
