"""The download handler against servers that break, drip, lie or speak an old TLS; all on loopback."""

from __future__ import annotations

import datetime as dt
import gzip
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest
from crawl import SETTINGS, Crawl, crawl
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from portal_server import article

from portal_crawler.archive.warc import read_captures
from portal_crawler.platforms.nukeviet import NukeVietSpider
from portal_crawler.platforms.portal import PortalSpider

TEXT = article("Hội nghị tổng kết công tác năm 2025 của ngành").encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n"


class Plain(PortalSpider):
    """A portal whose articles lie under /tin-tuc/."""

    name = "plain"
    article_urls = (r"/tin-tuc/(?P<id>[\w-]+)\.html$",)


class OldServer(Plain):
    """A portal that is allowed to speak an old TLS with a certificate of its own making."""

    name = "old_server"
    broken_certificates = True
    legacy_tls = True


class OldTls(Plain):
    """A portal that is allowed to speak an old TLS, with a certificate that can be verified."""

    name = "old_tls"
    legacy_tls = True


class OwnCertificate(Plain):
    """A portal that is allowed a certificate of its own making."""

    name = "own_certificate"
    broken_certificates = True


@contextmanager
def raw_server(
    answer: Callable[[str], bytes], context: ssl.SSLContext | None = None
) -> Iterator[tuple[str, list[str]]]:
    """A server that sends, for a path, exactly these bytes and closes; paths asked for are noted."""
    asked: list[str] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            try:
                if context:
                    connection = context.wrap_socket(connection, server_side=True)
                path = connection.recv(65536).split(b" ")[1].decode()
                asked.append(path)
                connection.sendall(answer(path))
                connection.close()
            except (OSError, IndexError):
                connection.close()

    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http{'s' if context else ''}://127.0.0.1:{listener.getsockname()[1]}", asked
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def walk(spider: str, answers: dict[str, bytes], context: ssl.SSLContext | None = None, **settings: object) -> Crawl:
    missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with raw_server(lambda path: answers.get(path, missing), context) as (url, asked):
        home = "".join(f'<a href="{path}">Tin số {path}</a>' for path in answers).encode()
        answers["/"] = HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(home), home)
        done = crawl(f"test_download.{spider}", {"RETRY_TIMES": 1, **settings}, url=f"{url}/")
    done.log += "\nASKED " + " ".join(asked)
    return done


def told(done: Crawl) -> dict[str, str]:
    return {reject["url"].partition("/tin-tuc/")[2]: reject["reason"] for reject in done.rejected}


def test_answers_as_old_servers_send_them() -> None:
    size = b"Content-Length: %d\r\n\r\n" % len(TEXT)
    done = walk(
        "Plain",
        {
            "/tin-tuc/khong-ly-do.html": HEAD.replace(b" OK", b"") + size + TEXT,
            "/tin-tuc/khong-do-dai.html": HEAD + b"\r\n" + TEXT,
            "/tin-tuc/latin.html": HEAD + b"X-Note: t\xe9p\r\n" + size + TEXT,
            "/tin-tuc/nen.html": HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(TEXT),
        },
    )
    found = {capture["url"].rpartition("/")[2]: capture["body"] for capture in done.captures}
    assert found == dict.fromkeys(("khong-ly-do.html", "khong-do-dai.html", "latin.html", "nen.html"), len(TEXT)), (
        done.log
    )


def test_a_body_that_breaks_off_is_asked_again_then_kept_and_marked() -> None:
    half = HEAD + b"Content-Length: %d\r\n\r\n%s" % (2 * len(TEXT), TEXT)
    chunks = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(TEXT), TEXT)
    packed = HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(TEXT * 100)[:-40]
    done = walk("Plain", {"/tin-tuc/nua.html": half, "/tin-tuc/khuc.html": chunks, "/tin-tuc/nen.html": packed})
    flags = {capture["url"].rpartition("/")[2]: (capture["flags"], capture["body"]) for capture in done.captures}
    assert flags.pop("nen.html")[0] == ["truncated"]
    assert flags == dict.fromkeys(("nua.html", "khuc.html"), (["truncated"], len(TEXT))), done.log
    assert done.stats["retry/reason_count/truncated"] == 3
    assert done.stats["answers/truncated"] == 3


def test_a_bomb_and_a_body_without_end_are_left() -> None:
    bomb = HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b" " * 4_000_000)
    endless = HEAD + b"\r\n" + b"<p>" * 1_000_000
    done = walk("Plain", {"/tin-tuc/bom.html": bomb, "/tin-tuc/dai.html": endless}, DOWNLOAD_MAXSIZE=1_000_000)
    assert told(done) == {"bom.html": "too_large", "dai.html": "too_large"}, done.log


def test_a_body_that_drips_ends_by_the_total_time() -> None:
    stop = threading.Event()

    def drip(connection: socket.socket) -> None:
        while not stop.wait(0.05):
            try:
                connection.send(b"<p>")
            except OSError:
                return

    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        connection.recv(65536)
        connection.sendall(HEAD + b"\r\n")
        drip(connection)
        connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    settings = {"DOWNLOAD_TIMEOUT": 0.5, "ROBOTSTXT_OBEY": False}
    try:
        done = crawl("test_download.Plain", settings, url=f"http://127.0.0.1:{listener.getsockname()[1]}/")
    finally:
        stop.set()
        listener.close()
        thread.join()
    assert [reject["reason"] for reject in done.rejected] == ["timeout"], done.log


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of its own making, with its key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


# Safe primes are slow to make; this one, of 1,024 bits, is of RFC 2409 (section 6.2).
SMALL_GROUP = """-----BEGIN DH PARAMETERS-----
MIGHAoGBAP//////////yQ/aoiFowjTExmKLgNwc0SkCTgiKZ8x0Agu+pjsTmyJR
Sgh5jjQE3e+VGbPNOkMbMCsKbfJfFDdP4TVtbVHCReSFtXZiXn7G9ExC6aY37WsL
/1y29Aa37e44a/taiZ+lrp8kEXxLH+ZJKGZR7OZTgf//////////AgEC
-----END DH PARAMETERS-----
"""


def tls(certificate: Path, *, old: bool = False, ciphers: str = "") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if ciphers:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    if old:
        with pytest.warns(DeprecationWarning, match="TLSv1"):
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
        context.set_ciphers("ALL:@SECLEVEL=0")
    return context


@pytest.mark.parametrize(
    ("spider", "old", "flags"),
    [
        ("Plain", False, None),
        ("OwnCertificate", False, ["broken_certificate"]),
        ("OwnCertificate", True, None),
        ("OldServer", True, ["broken_certificate", "legacy_tls"]),
    ],
)
def test_broken_tls_is_allowed_by_the_site_file_alone(
    certificate: Path, tmp_path: Path, spider: str, flags: list[str] | None, *, old: bool
) -> None:
    page = HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(TEXT), TEXT)
    middlewares = SETTINGS["DOWNLOADER_MIDDLEWARES"] | {"portal_crawler.archive.exchanges.ArchiveExchanges": 990}
    archive = {"DOWNLOADER_MIDDLEWARES": middlewares, "PORTAL_ARCHIVE": True, "PORTAL_ARCHIVE_FILES": str(tmp_path)}
    settings = {"DOWNLOAD_VERIFY_CERTIFICATES": True, "ROBOTSTXT_OBEY": False}
    done = walk(spider, {"/tin-tuc/bai.html": page}, tls(certificate, old=old), **settings, **archive)
    assert [capture["flags"] for capture in done.captures] == ([flags] if flags else []), done.log
    kept = [capture for capture in read_captures(tmp_path.iterdir()) if capture.url.endswith("bai.html")]
    assert [capture.flags for capture in kept] == ([flags] if flags else [])
    assert [reject["reason"] for reject in done.rejected] == ([] if flags else ["bad_tls"]), done.log


TLS = {"DOWNLOAD_VERIFY_CERTIFICATES": True, "ROBOTSTXT_OBEY": False}


def test_an_old_tls_is_allowed_but_no_server_without_a_certificate(certificate: Path) -> None:
    page = HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(TEXT), TEXT)
    for spider in ("OldTls", "OldServer"):
        done = walk(spider, {"/tin-tuc/bai.html": page}, tls(certificate, ciphers="AECDH-AES128-SHA"), **TLS)
        assert [reject["reason"] for reject in done.rejected] == ["bad_tls"], done.log
        assert done.captures == []


@pytest.mark.parametrize(
    ("spider", "small", "flags"),
    [
        ("OwnCertificate", True, None),
        ("OldServer", True, ["broken_certificate", "legacy_tls"]),
        ("OldServer", False, ["broken_certificate"]),
    ],
)
def test_only_what_a_server_needed_is_passed_over_and_told(
    certificate: Path, tmp_path: Path, spider: str, flags: list[str] | None, *, small: bool
) -> None:
    page = HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(TEXT), TEXT)
    context = tls(certificate, ciphers="DHE-RSA-AES128-GCM-SHA256" if small else "")
    if small:
        (tmp_path / "group.pem").write_text(SMALL_GROUP)
        context.load_dh_params(tmp_path / "group.pem")
    done = walk(spider, {"/tin-tuc/bai.html": page}, context, **TLS)
    assert [capture["flags"] for capture in done.captures] == ([flags] if flags else []), done.log


@pytest.mark.parametrize(("spider", "refused"), [("Plain", True), ("OldTls", False)])
def test_a_server_without_secure_renegotiation_is_talked_to_where_old_tls_is_allowed(
    spider: str, *, refused: bool
) -> None:
    # TLS 1.2, ECDHE-RSA-AES128-GCM-SHA256, and no extension, so that RFC 5746 is not among them.
    hello = b"\x03\x03" + bytes(range(32)) + b"\x00" + b"\xc0\x2f" + b"\x00"
    message = b"\x02" + len(hello).to_bytes(3, "big") + hello
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(b"\x16\x03\x03" + len(message).to_bytes(2, "big") + message)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        done = crawl(f"test_download.{spider}", TLS, url=f"https://127.0.0.1:{listener.getsockname()[1]}/")
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
    (reject,) = done.rejected
    assert ("UNSAFE_LEGACY_RENEGOTIATION" in reject["detail"]) == refused, done.log


def test_no_family_allows_it() -> None:
    assert not NukeVietSpider.broken_certificates
    assert not NukeVietSpider.legacy_tls
