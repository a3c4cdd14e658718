"""Where a crawl may connect to: judged by address, refused at the socket."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest
import scrapy
from crawl import crawl
from hypothesis import given
from hypothesis import strategies as st
from portal_server import Answer, PortalServer, page

from portal_crawler.crawling.addresses import AddressGuard, Allowed, refusal


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("127.0.0.1", "loopback"),
        ("127.255.0.9", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:7f00:1", "loopback"),
        ("64:ff9b::7f00:1", "loopback"),
        ("2002:7f00:1::", "loopback"),
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("169.254.169.254", "link-local"),
        ("::ffff:169.254.169.254", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("fd00:ec2::254", "private or reserved"),
        ("10.0.0.1", "private or reserved"),
        ("172.31.1.1", "private or reserved"),
        ("192.168.1.1", "private or reserved"),
        ("100.100.100.200", "private or reserved"),
        ("192.0.0.192", "private or reserved"),
        ("255.255.255.255", "private or reserved"),
        ("168.63.129.16", "metadata service"),
        ("224.0.0.251", "multicast"),
        ("ff02::1", "multicast"),
        ("203.162.0.11", None),
        ("2001:ee0::1", None),
    ],
)
def test_what_is_no_public_address(address: str, why: str | None) -> None:
    assert refusal(address) == why


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_inside_an_ipv6_one_is_judged_alike(address: IPv4Address) -> None:
    for inside in (IPv6Address(f"::ffff:{address}"), IPv6Address(int(IPv6Address("64:ff9b::")) + int(address))):
        assert refusal(str(inside)) == refusal(str(address))


def test_a_seed_on_this_machine_opens_its_own_port_only() -> None:
    guard = AddressGuard(seeds=["http://127.0.0.1:8655/", "http://localhost/vi"])
    assert guard.refusal("127.0.0.1", 8655) is None
    assert guard.refusal("::ffff:127.0.0.1", 8655) is None
    assert guard.refusal("::1", 80) is None
    assert guard.refusal("127.0.0.1", 8656) == "loopback"
    assert guard.refusal("127.0.0.2", 8655) == "loopback"


@pytest.mark.parametrize("seed", ["http://192.168.1.1/", "http://169.254.169.254/", "http://[", "file:///etc/passwd"])
def test_no_other_seed_opens_anything(seed: str) -> None:
    guard = AddressGuard(seeds=[seed])
    assert guard.refusal("192.168.1.1", 80) == "private or reserved"
    assert guard.refusal("169.254.169.254", 80) == "link-local"


def test_networks_and_ports_can_be_allowed() -> None:
    guard = AddressGuard(["10.0.0.0/8", " 192.168.1.5:8080 ", "[fd00::1]:443", "fd01::/16", ""])
    assert [guard.refusal(*target) for target in (("10.9.9.9", 1), ("192.168.1.5", 8080), ("fd00::1", 443))] == [
        None
    ] * 3
    assert guard.refusal("fd01::7", 9) is None
    assert guard.refusal("192.168.1.5", 80) == guard.refusal("fd00::1", 80) == "private or reserved"
    with pytest.raises(ValueError, match="intranet"):
        Allowed.parse("intranet")


class Asks(scrapy.Spider):
    """Asks for addresses that lead, each by another trick, to one server on this machine."""

    name = "asks"

    def __init__(self, seeds: str = "", port: str = "", urls: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start_urls = seeds.split()
        self.urls = urls.split()
        resolve = socket.getaddrinfo

        def resolver(host: Any, *args: Any, **options: Any) -> Any:
            """A name server that leads public names to this machine."""
            return resolve("127.0.0.1" if str(host).endswith(".example") else host, *args, **options)

        socket.getaddrinfo = resolver

    async def start(self) -> Any:
        for url in [*self.start_urls, *self.urls]:
            yield scrapy.Request(url, errback=self.failed, dont_filter=True)

    def parse(self, response: Any) -> None:
        self.crawler.stats.inc_value(f"reached/{response.request.url}")

    def failed(self, failure: Any) -> None:
        self.crawler.stats.set_value(f"failed/{failure.request.url}", f"{type(failure.value).__name__} {failure.value}")


HANDLERS = {
    "ROBOTSTXT_OBEY": False,
    "SPIDER_MIDDLEWARES": {},
    "DOWNLOADER_MIDDLEWARES": {},
    "ITEM_PIPELINES": {},
}


def test_no_trick_leads_to_this_machine() -> None:
    with PortalServer({"/x": page("private")}) as server, PortalServer({}) as named:
        port = server.url.rpartition(":")[2]
        tricks = (
            f"http://127.0.0.1:{port}/x",
            f"http://2130706433:{port}/x",
            f"http://0177.0.0.1:{port}/x",
            f"http://0x7f.1:{port}/x",
            f"http://[::ffff:127.0.0.1]:{port}/x",
            f"http://localhost:{port}/x",
            f"http://so-noi-vu.example:{port}/x",
            f"http://0.0.0.0:{port}/x",
        )
        named.pages["/ra"] = Answer(b"", 302, {"Location": f"http://127.0.0.1:{port}/y"})
        named.pages["/"] = page("the portal itself")
        done = crawl(
            "test_addresses.Asks", HANDLERS, seeds=f"{named.url}/", urls=" ".join([*tricks, f"{named.url}/ra"])
        )
        assert server.log == []
    failed = {key: said for key, said in done.stats.items() if key.startswith("failed/")}
    assert len(failed) == len(tricks) + 1, failed
    assert set(done.stats) >= {f"reached/{named.url}/"}
    # What the library takes for no host at all ("0177.0.0.1") is refused before it is looked up.
    kinds = [said.partition(" ")[0] for said in failed.values()]
    assert set(kinds) <= {"ForbiddenAddressError", "UnsupportedURLSchemeError"}, failed
    assert kinds.count("UnsupportedURLSchemeError") <= 3, failed
    assert failed[f"failed/http://so-noi-vu.example:{port}/x"].endswith("127.0.0.1 is a loopback address")


def test_what_is_allowed_is_reached_by_name() -> None:
    with PortalServer({"/x": page("intranet")}) as server:
        port = server.url.rpartition(":")[2]
        url = f"http://so-noi-vu.example:{port}/x"
        done = crawl("test_addresses.Asks", {**HANDLERS, "PORTAL_ALLOW_PRIVATE": f"127.0.0.1:{port}"}, urls=url)
    assert done.stats[f"reached/{url}"] == 1


def test_only_the_web_is_asked() -> None:
    done = crawl("test_addresses.Asks", HANDLERS, urls="file:///etc/passwd ftp://127.0.0.1/x data:,x")
    assert sum(key.startswith("failed/") for key in done.stats) == 3
    assert not any(key.startswith("reached/") for key in done.stats)


def test_a_proxy_is_given_no_private_address_in_numbers() -> None:
    with PortalServer({"*": page("a proxy")}) as proxy:
        port = proxy.url.rpartition(":")[2]
        settings = {**HANDLERS, "PORTAL_ALLOW_PRIVATE": f"127.0.0.1:{port}"}
        done = crawl("test_addresses.Proxied", settings, port=port, urls="http://169.254.169.254/ http://2130706433/")
        assert proxy.log == []
    assert sum("ForbiddenAddressError" in str(said) for said in done.stats.values()) == 2


class Proxied(Asks):
    """The same through a proxy."""

    def __init__(self, port: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.proxy = f"http://127.0.0.1:{port}"

    async def start(self) -> Any:
        async for request in super().start():
            request.meta["proxy"] = self.proxy
            yield request
