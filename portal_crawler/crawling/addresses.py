"""Which network addresses a crawl may connect to: the public internet, and what its user has named.

Links come from strangers. One that leads to the crawler's own machine, its network or a cloud's metadata service would
make the crawler a door into them (server-side request forgery; OWASP calls the check at connect time, with the address
that is connected to, the one that name tricks cannot pass by).
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

PORTS = {"http": 80, "https": 443}
# A cloud's host agent answers on this public address (Azure); the other clouds' lie in private ranges.
METADATA = frozenset((IPv4Address("168.63.129.16"),))
# For protocols between routers (RFC 6890); a cloud's metadata service lies in it, and Python 3.11 knows only a part.
ROUTERS = IPv4Network("192.0.0.0/24")
# IPv4 addresses written as IPv6: NAT64 (RFC 6052, RFC 8215) and the deprecated compatible form (RFC 4291).
EMBEDDING = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("::/96"))
LOOPBACK_NAMES = frozenset(("localhost", "localhost.localdomain"))
LOOPBACK = ("127.0.0.1", "::1")


def refusal(address: str) -> str | None:
    """What is wrong with an address in numbers, in a word or two; None for a public one.

    Args:
        address: IPv4 or IPv6, as a socket knows it; a zone (``fe80::1%eth0``) is read over.

    Raises:
        ValueError: if it is no address.
    """
    ip = _plain(ip_address(address.partition("%")[0]))
    if ip in METADATA:
        return "metadata service"
    if ip.is_loopback:
        return "loopback"
    if ip.is_unspecified:
        return "unspecified"
    if ip.is_link_local:
        return "link-local"
    if ip.is_multicast:
        return "multicast"
    return None if ip.is_global and ip not in ROUTERS else "private or reserved"


def _plain(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that stands inside an IPv6 one (mapped, 6to4, Teredo, NAT64), or the address itself."""
    if isinstance(ip, IPv4Address) or ip.is_loopback or ip.is_unspecified:
        return ip
    if (inner := ip.ipv4_mapped or ip.sixtofour) is not None:
        return inner
    if ip.teredo is not None:
        return ip.teredo[1]
    if any(ip in network for network in EMBEDDING):
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


@dataclass(frozen=True, slots=True)
class Allowed:
    """Addresses that may be connected to although they are not public.

    Attributes:
        network: An address or a network.
        port: The only port; None: any.
    """

    network: IPv4Network | IPv6Network
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> Allowed:
        """Read ``10.1.2.3``, ``10.0.0.0/8``, ``127.0.0.1:8080``, ``::1`` or ``[::1]:8080``.

        Raises:
            ValueError: if it is none of these.
        """
        host, port = text.strip(), None
        if host.startswith("[") or host.count(":") == 1:
            host, _, number = host.rpartition(":") if not host.endswith("]") else (host, "", "")
            port = int(number) if number else None
        return cls(ip_network(host.strip("[]"), strict=False), port)

    def holds(self, address: str, port: int) -> bool:
        """Whether it covers an address and port."""
        ip = ip_address(address.partition("%")[0])
        if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        return self.port in (None, port) and ip.version == self.network.version and ip in self.network


class AddressGuard:
    """Decides whether a connection may be made.

    A seed that names this machine in so many words (``http://127.0.0.1:8655/``, ``http://localhost/``) is its user's
    own wish: that address and port may be connected to, no other. Seeds in private networks need the setting.

    Args:
        allowed: What may be connected to besides public addresses.
        seeds: Addresses of pages that the user has named.

    Raises:
        ValueError: if an entry of ``allowed`` is neither an address nor a network.
    """

    def __init__(self, allowed: Iterable[str] = (), seeds: Iterable[str] = ()) -> None:
        self._allowed = [Allowed.parse(text) for text in allowed if text.strip()]
        self._allowed += [entry for seed in seeds for entry in loopback(seed)]

    def refusal(self, address: str, port: int) -> str | None:
        """Why a connection is refused, in a word or two; None if it may be made.

        Raises:
            ValueError: if ``address`` is no IP address.
        """
        why = refusal(address)
        return why if why and not any(entry.holds(address, port) for entry in self._allowed) else None


def loopback(url: str) -> list[Allowed]:
    """The addresses of this machine that a seed names in so many words."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port or PORTS.get(parts.scheme)
        if host in LOOPBACK_NAMES:
            return [Allowed(ip_network(address), port) for address in LOOPBACK]
        if refusal(host) == "loopback":
            return [Allowed(ip_network(host), port)]
    except ValueError:  # a name, or no address at all
        pass
    return []
