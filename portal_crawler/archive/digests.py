"""Do records hold what their digests say?"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def altered(headers: Any, head: bytes, body: bytes, forms: Iterable[bytes]) -> bool:
    """Whether a record holds something else than what was written into it.

    One digest that agrees is enough: what tools take for the payload differs. Digests that are none, or of an unknown
    kind, say nothing.

    Args:
        headers: Those of the record.
        head: Its first bytes, up to the body.
        body: The others.
        forms: The same without their codings; some tools take the digest of that.
    """
    payload = _said(headers, "WARC-Payload-Digest") if not headers.get_header("WARC-Segment-Number") else None
    if payload and any(_digest(payload[0], form) == payload[1] for form in dict.fromkeys((body, *forms))):
        return False
    block = _said(headers, "WARC-Block-Digest")
    if block:
        return _digest(block[0], head, body) != block[1]
    return payload is not None


def _digest(kind: str, *pieces: bytes) -> bytes:
    made = hashlib.new(kind, usedforsecurity=False)
    for piece in pieces:
        made.update(piece)
    return made.digest()


def _said(headers: Any, name: str) -> tuple[str, bytes] | None:
    """The kind and the value of a digest in one of the spellings in use: hexadecimal digits, Base32, Base64."""
    kind, _, value = (headers.get_header(name) or "").strip().partition(":")
    kind = kind.lower().replace("sha-", "sha")
    try:
        size = hashlib.new(kind, usedforsecurity=False).digest_size
    except ValueError:
        return None
    for decode in (bytes.fromhex, _base32, base64.b64decode, base64.urlsafe_b64decode):
        try:
            found = decode(value)
        except (ValueError, binascii.Error):
            continue
        if len(found) == size > 0:
            return kind, found
    return None


def _base32(value: str) -> bytes:
    return base64.b32decode(value.rstrip("=") + "=" * (-len(value.rstrip("=")) % 8), casefold=True)
