"""Programs in processes of their own, forked from one that has imported Scrapy and the project.

To start Python and to import all that takes longer than the crawls of most tests. The process that is forked has begun
nothing yet: it has no thread and no reactor.
"""

from __future__ import annotations

import importlib
import io
import multiprocessing
import os
import pkgutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# Nothing of what these hold begins anything, imports Twisted's reactor or reads the environment when it is imported: the
# settings do.
PACKAGES = (
    "scrapy.commands",
    "scrapy.downloadermiddlewares",
    "scrapy.spidermiddlewares",
    "portal_crawler.archive",
    "portal_crawler.commands",
    "portal_crawler.crawling",
    "portal_crawler.monitoring",
    "portal_crawler.spiders",
)
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([
    "portal_crawler.pipelines",
    *(
        f"{package}.{module.name}"
        for package in PACKAGES
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__)
    ),
])  # fmt: skip


def run(
    program: Callable[[], object],
    arguments: Sequence[str] = (),
    *,
    cwd: Path,
    env: Mapping[str, str],
    given: str | bytes = "",
    timeout: float = 120,
) -> subprocess.CompletedProcess[str]:
    """Run a function to its end in a process of its own.

    Args:
        program: The function; its module is imported there.
        arguments: What it finds in ``sys.argv``, behind its name.
        cwd: Its folder.
        env: Its environment.
        given: Its standard input.
        timeout: Seconds that it may take.

    Raises:
        subprocess.TimeoutExpired: if it takes longer.
    """
    command = ["portal-crawler", *arguments]
    with TemporaryDirectory() as name:
        folder = Path(name)
        for stream in "12":
            (folder / stream).touch()
        (folder / "0").write_bytes(given if isinstance(given, bytes) else given.encode())
        process = CONTEXT.Process(target=_begin, args=(program, command, cwd, dict(env), folder))
        process.start()
        process.join(timeout)
        if process.is_alive():
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(command, timeout)
        told, errors = ((folder / stream).read_text("utf-8") for stream in "12")
        assert process.exitcode is not None
        return subprocess.CompletedProcess(command, process.exitcode, told, errors)


def _begin(program: Callable[[], object], command: list[str], cwd: Path, env: dict[str, str], folder: Path) -> None:
    for stream, mode in enumerate((os.O_RDONLY, os.O_WRONLY | os.O_APPEND, os.O_WRONLY | os.O_APPEND)):
        os.dup2(os.open(folder / str(stream), mode), stream)
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False))
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.path.insert(0, str(cwd))  # as "python -m" does
    sys.argv[:] = command
    program()
