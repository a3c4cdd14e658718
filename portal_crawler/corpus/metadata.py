"""Articles in the vocabularies of libraries and search engines: Dublin Core terms and schema.org."""

from __future__ import annotations

from typing import Any

# What is not known is said to be unknown: neither the portals nor this software grant rights.
RIGHTS = "unknown"
# What stands before a legal document's status in print -> the words of schema.org.
LEGAL_FORCE = (
    ("hết hiệu lực một phần", "PartiallyInForce"),
    ("hết hiệu lực", "NotInForce"),
    ("chưa có hiệu lực", "NotInForce"),
    ("còn hiệu lực", "InForce"),
    ("có hiệu lực", "InForce"),
)


def dublin_core(record: dict[str, Any]) -> dict[str, Any]:
    """An article in DCMI Metadata Terms, as JSON-LD; terms without a value are left out.

    The portal's host stands for the publisher, as pages rarely name the agency of the time; a legal document's issuer
    stands before it.
    """
    document = record.get("document") or {}
    identifiers = [f"urn:portal-crawler:{record['id']}", record["canonical_url"], document.get("number")]
    return _given(
        {
            "@context": {"dcterms": "http://purl.org/dc/terms/"},
            "dcterms:identifier": [one for one in identifiers if one],
            "dcterms:title": record.get("title"),
            "dcterms:abstract": record.get("lead") or document.get("summary"),
            "dcterms:creator": record.get("author"),
            "dcterms:contributor": document.get("signer"),
            "dcterms:publisher": [one for one in (document.get("issuer"), record.get("site")) if one],
            "dcterms:spatial": record.get("province"),
            "dcterms:source": [one for one in (record.get("source"), record.get("url")) if one],
            "dcterms:issued": document.get("issued_on") or record.get("published_at"),
            "dcterms:modified": record.get("modified_at"),
            "dcterms:valid": _interval(document),
            "dcterms:subject": [*(record.get("section") or []), *(record.get("tags") or [])],
            "dcterms:isPartOf": " / ".join(record.get("section") or []),
            "dcterms:language": record.get("language"),
            "dcterms:type": document.get("type") or record.get("kind"),
            "dcterms:hasPart": [one["url"] for name in ("images", "attachments") for one in record.get(name) or []],
            "dcterms:hasFormat": (record.get("archive") or {}).get("record_id"),
            "dcterms:rights": RIGHTS,
            "dcterms:provenance": _provenance(record),
        }
    )


def schema_org(record: dict[str, Any]) -> dict[str, Any]:
    """An article as JSON-LD: a ``NewsArticle``, or ``Legislation`` where it is a legal document."""
    document = record.get("document") or {}
    common = {
        "@context": "https://schema.org",
        "@type": "Legislation" if document else "NewsArticle",
        "@id": f"urn:portal-crawler:{record['id']}",
        "identifier": record["id"],
        "url": record["canonical_url"],
        "mainEntityOfPage": record["canonical_url"],
        "headline": record.get("title"),
        "name": record.get("title"),
        "description": record.get("lead") or document.get("summary"),
        "abstract": record.get("lead") or document.get("summary"),
        "author": _named("Person", record.get("author")),
        "publisher": _given(
            {"@type": "GovernmentOrganization", "url": record.get("site"), "areaServed": record.get("province")}
        ),
        "spatialCoverage": record.get("province"),
        "sourceOrganization": _named("Organization", record.get("source")),
        "datePublished": record.get("published_at"),
        "dateModified": record.get("modified_at"),
        "sdDatePublished": record.get("fetched_at"),
        "isPartOf": [_named("CreativeWork", name) for name in record.get("section") or []],
        "keywords": record.get("tags"),
        "inLanguage": record.get("language"),
        "image": [
            _given(
                {"@type": "ImageObject", "contentUrl": image["url"], "caption": image.get("caption"), **_file(image)}
            )
            for image in record.get("images") or []
        ],
        "associatedMedia": [
            _given({"@type": "MediaObject", "contentUrl": file["url"], "name": file.get("name"), **_file(file)})
            for file in record.get("attachments") or []
        ],
        "encoding": _archived(record),
        "conditionsOfAccess": f"rights: {RIGHTS}",
    }
    own = _legislation(record, document) if document else _news(record)
    return _given(common | own)


def _news(record: dict[str, Any]) -> dict[str, Any]:
    return {"articleBody": record.get("text"), "articleSection": record.get("section")}


def _legislation(record: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    status = (document.get("status") or "").casefold()
    return {
        "text": record.get("text"),
        "legislationIdentifier": document.get("number"),
        "legislationType": document.get("type"),
        "legislationPassedBy": _named("GovernmentOrganization", document.get("issuer")),
        "legislationResponsible": _named("Person", document.get("signer")),
        "legislationDate": document.get("issued_on"),
        "temporalCoverage": _interval(document),
        "legislationLegalForce": next((word for said, word in LEGAL_FORCE if status.startswith(said)), None),
    }


def _interval(document: dict[str, Any]) -> str | None:
    """When a legal document is in force: ISO 8601, an open end as ``..``."""
    begin, end = document.get("effective_on"), document.get("expires_on")
    return f"{begin or '..'}/{end or '..'}" if begin or end else None


def _named(kind: str, name: str | None) -> dict[str, Any] | None:
    return {"@type": kind, "name": name} if name else None


def _file(file: dict[str, Any]) -> dict[str, Any]:
    return {"encodingFormat": file.get("content_type") or file.get("media_type"), "sha256": file.get("sha256")}


def _archived(record: dict[str, Any]) -> dict[str, Any] | None:
    """The page as it was received: its WARC record and the digest of its bytes."""
    archive = record.get("archive") or {}
    digest = (archive.get("payload_digest") or "").removeprefix("sha256:")
    if not archive.get("record_id"):
        return None
    return _given(
        {"@type": "MediaObject", "@id": archive["record_id"], "dateCreated": record.get("fetched_at"), "sha256": digest}
    )


def _provenance(record: dict[str, Any]) -> str:
    extraction = record.get("extraction") or {}
    return (
        f"captured {record.get('fetched_at')}, portal {record.get('portal')}, extractor {extraction.get('version')}, "
        f"template {extraction.get('template')}, method {extraction.get('method')}, "
        f"confidence {extraction.get('confidence')}"
    )


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, [], "")}
