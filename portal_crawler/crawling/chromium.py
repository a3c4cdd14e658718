"""Finding a Chromium that starts, and what it is started with (extra ``browser``)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache

from scrapy.exceptions import UsageError

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Nothing that Chromium does by itself, and no way to the network: its proxy is a name that its resolver does not know,
# nor any other, and WebRTC may not go round the proxy. What its pages ask for never gets so far.
PROXY = {"server": "http://nowhere.invalid:1", "bypass": "<-loopback>"}
SWITCHES = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--js-flags=--max-old-space-size=1024",  # megabytes that a page's scripts may hold
)
# Seconds that the browser may take to begin.
STARTED = 60


def is_root() -> bool:
    """Whether this process may do anything: then Chromium's sandbox cannot be used."""
    return sys.platform != "win32" and os.geteuid() == 0


@cache
def chromium(named: str) -> str:
    """The path of a Chromium that starts.

    Args:
        named: As for :func:`found`.

    Raises:
        UsageError: if scrapy-playwright is missing, or Chromium, or if that does not start.
    """
    try:
        import scrapy_playwright.handler  # noqa: F401, PLC0415 - of an extra
    except ImportError as error:
        raise UsageError("it needs the extra browser: pip install 'portal-crawler[browser]'") from error
    executable = found(named)
    tried(executable)
    return executable


def found(named: str) -> str:
    """The path of Chromium.

    Args:
        named: A path, or a name on PATH; empty: the first of :data:`NAMES` that there is, else playwright's own.

    Raises:
        UsageError: if there is none.
    """
    if found := next(filter(None, map(shutil.which, [named] if named else NAMES)), None):
        return found
    if named:
        raise UsageError(f"PORTAL_BROWSER: there is no program {named}")
    # Only playwright's driver knows where its browsers are, and it wants an event loop of its own.
    ask = "from playwright.sync_api import sync_playwright as p\nwith p() as own: print(own.chromium.executable_path)"
    told = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, timeout=STARTED, check=False)  # noqa: S603
    if own := shutil.which(told.stdout.strip()):
        return own
    raise UsageError(
        "it needs Chromium: install your system's (on Debian: apt-get install chromium), run 'playwright install "
        "chromium', or set PORTAL_BROWSER to its path"
    )


def tried(executable: str) -> None:
    """Start a browser as the crawl will, and let it show an empty page.

    Raises:
        UsageError: if it does not.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        command = [executable, *SWITCHES, "--headless", f"--user-data-dir={folder}", "--dump-dom", "about:blank"]
        command += ["--no-sandbox"] if is_root() else []
        try:
            done = subprocess.run(command, capture_output=True, timeout=STARTED, check=False)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired) as error:
            raise UsageError(f"PORTAL_BROWSER: {executable} does not start: {error}") from error
    if b"<html" not in done.stdout:
        said = done.stderr.decode("utf-8", "replace").split("\n")
        last = next((line for line in reversed(said) if line.strip()), f"exit code {done.returncode}")
        raise UsageError(f"PORTAL_BROWSER: {executable} shows no page: {last}")
