"""A portal of any number of pages on loopback, made before the first request, for measuring how fast a crawler is.

    python benchmarks/farm.py --pages 10000        prints its address, then serves until it is ended

The pages are those of the sample province's NukeViet portal, made as heavy as real ones: about 60 kB and 120 links, the
same menus on every page, lists of ten articles with a pager, texts drawn from the province's sentences.
"""

from __future__ import annotations

import argparse
import asyncio
import re
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from portal_crawler.sample.grammar import VIETNAM, stories
from portal_crawler.sample.markup import text
from portal_crawler.sample.nukeviet import NukeVietPortal
from portal_crawler.sample.portal import Asked
from portal_crawler.sample.story import Part, Story

if TYPE_CHECKING:
    from collections.abc import Iterator

SECTIONS = 4
LIST = 10
WINDOW = 5  # page numbers that a pager shows on either side
PARAGRAPHS = 18
# What pages carry inline: a theme's styles and scripts.
BALLAST = "".join(
    f".theme-{n} .block-{n} a:hover{{color:#{n:06x};background:url(/themes/default/images/icon-{n}.png) no-repeat}}\n"
    for n in range(110)
)
SCRIPT = "".join(
    f"nv_lang_{n}={{title:'block {n}',url:'/index.php?nv=banners&op=click&id={n}',wait:{n * 7 % 60}}};\n"
    for n in range(130)
)
PAGER = re.compile(r'<ul class="pagination">.*?</ul>', re.DOTALL)


class Farm(NukeVietPortal):
    """The sample portal with as many stories as asked for."""

    def __init__(self, count: int) -> None:
        super().__init__(lambda: datetime(2026, 6, 4, 9, 30, tzinfo=VIETNAM))
        self.stories = tuple(written(count))
        self.by_number = {story.number: story for story in self.stories}
        self._listed = [[story for story in self.stories if story.section == section] for section in range(SECTIONS)]
        self.department = replace(self.department, sections=self.department.sections[:SECTIONS])

    def listed(self, section: int) -> list[Story]:
        """The section's stories, told apart once."""
        return self._listed[section]

    def frame(self, title: str, crumbs: list[str], content: str, module: str, head: str = "") -> str:
        """With the theme's styles and scripts, and a box of the newest."""
        head = f"{head}<style>{BALLAST}</style><script>{SCRIPT}</script>"
        newest = "".join(f'<li><a href="{self.path(story)}">{text(story.title)}</a></li>' for story in self.stories[:9])
        box = self.panel("Tin mới", f'<ul class="list-none list-items">{newest}</ul>')
        return super().frame(title, crumbs, content + box, module, head)

    def list_page(self, section: int, number: int) -> str:
        """With a pager that shows a window of numbers."""
        base, last = self.section_path(section), self.pages(section)
        window = range(max(1, number - WINDOW), min(last, number + WINDOW) + 1)
        links = "".join(f'<li><a href="{base}{f"page-{n}/" if n > 1 else ""}">{n}</a></li>' for n in window)
        return PAGER.sub(f'<ul class="pagination">{links}</ul>', super().list_page(section, number))

    def broken(self) -> dict[str, str]:
        """Nothing is broken here."""
        return {}

    def addresses(self) -> Iterator[str]:
        """Paths of all pages: home, menu, lists, articles."""
        yield "/"
        yield from self.static
        for section in range(SECTIONS):
            base = self.section_path(section)
            yield base
            yield from (f"{base}page-{number}/" for number in range(2, self.pages(section) + 1))
        yield from map(self.path, self.stories)


def written(count: int) -> Iterator[Story]:
    """Stories whose paragraphs are put together from the sentences of the province."""
    random = Random(20261124)
    models = [story for story in stories("sgddt") if story.kind == "article"]
    said = [part.text for story in models for part in story.parts if part.role == "paragraph"]
    sentences = sorted({one for text in said for one in re.split(r"(?<=\.) ", text) if len(one) > 40})
    for place in range(count):
        model = models[place % len(models)]
        drawn = [Part("paragraph", " ".join(random.sample(sentences, 4))) for _ in range(PARAGRAPHS)]
        yield replace(
            model,
            number=count + 1000 - place,
            section=place % SECTIONS,
            title=f"{model.title} (đợt {place + 1})",
            lead=random.choice(sentences),
            parts=[*drawn, *(part for part in model.parts if part.role in ("caption", "table"))],
            published=datetime(2026, 6, 4, 9, 30, tzinfo=VIETNAM) - timedelta(hours=3 * place),
            modified=None,
            markup="plain",
            decomposed=False,
            files=[],
        )


class Server(asyncio.Protocol):
    """HTTP/1.1 with as little as a crawler's GET needs."""

    pages: dict[bytes, bytes]
    missing = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 10\r\n\r\n<p>404</p>"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.received = b""

    def data_received(self, data: bytes) -> None:
        self.received += data
        while b"\r\n\r\n" in self.received:
            request, _, self.received = self.received.partition(b"\r\n\r\n")
            assert isinstance(self.transport, asyncio.WriteTransport)
            self.transport.write(self.pages.get(request.split(b" ", 2)[1], self.missing))


def rendered(farm: Farm) -> dict[bytes, bytes]:
    """All answers, headers included, by path."""
    found = {}
    for path in [*farm.addresses(), "/rss/", "/robots.txt"]:
        answer = farm.answer(Asked.parse("GET", path))
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {answer.content_type}\r\nContent-Length: {len(answer.body)}\r\n\r\n"
        found[path.encode()] = head.encode() + answer.body
    return found


async def serve(farm: Farm) -> None:
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    farm.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    Server.pages = rendered(farm)
    print(farm.base, flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=10_000)
    asyncio.run(serve(Farm(articles(parser.parse_args().pages))))


def articles(pages: int) -> int:
    """How many articles make so many pages: every tenth is a list, and there is the menu."""
    return max(SECTIONS * LIST, (pages - 60) * LIST // (LIST + 1))


if __name__ == "__main__":
    main()
