"""Articles in the vocabularies of libraries and search engines: Dublin Core terms and schema.org."""

from __future__ import annotations

from typing import Any


def dublin_core(record: dict[str, Any]) -> dict[str, Any]:
    """An article in DCMI Metadata Terms; terms without a value are left out.

    The portal's host stands for the publisher, as pages rarely name the agency of the time.
    """
    document = record.get("document") or {}
    identifiers = [f"urn:portal-crawler:{record['id']}", record["canonical_url"], document.get("number")]
    return _given(
        {
            "dcterms:identifier": [one for one in identifiers if one],
            "dcterms:title": record.get("title"),
            "dcterms:abstract": record.get("lead"),
            "dcterms:creator": record.get("author"),
            "dcterms:publisher": record.get("site"),
            "dcterms:spatial": record.get("province"),
            "dcterms:source": [one for one in (record.get("source"), record.get("url")) if one],
            "dcterms:issued": document.get("issued_on") or record.get("published_at"),
            "dcterms:modified": record.get("modified_at"),
            "dcterms:subject": [*(record.get("section") or []), *(record.get("tags") or [])],
            "dcterms:language": record.get("language"),
            "dcterms:type": document.get("type") or record.get("kind"),
            "dcterms:hasPart": [one["url"] for name in ("images", "attachments") for one in record.get(name) or []],
            "dcterms:provenance": _provenance(record),
        }
    )


def schema_org(record: dict[str, Any]) -> dict[str, Any]:
    """An article as JSON-LD: a ``NewsArticle``, or ``Legislation`` where it is a legal document."""
    document = record.get("document") or {}
    files = [
        _given({
            "@type": "MediaObject", "contentUrl": file["url"], "name": file.get("name"), "sha256": file.get("sha256"),
        })
        for file in record.get("attachments") or []
    ]  # fmt: skip
    pictures = [
        _given({"@type": "ImageObject", "contentUrl": image["url"], "caption": image.get("caption")})
        for image in record.get("images") or []
    ]
    found = {
        "@context": "https://schema.org",
        "@type": "Legislation" if document else "NewsArticle",
        "@id": f"urn:portal-crawler:{record['id']}",
        "identifier": record["id"],
        "url": record["canonical_url"],
        "headline": record.get("title"),
        "abstract": record.get("lead"),
        "articleBody": None if document else record.get("text"),
        "text": record.get("text") if document else None,
        "author": {"@type": "Person", "name": record["author"]} if record.get("author") else None,
        "publisher": _given({
            "@type": "GovernmentOrganization", "url": record.get("site"), "areaServed": record.get("province"),
        }),
        "isBasedOn": record.get("source"),
        "datePublished": record.get("published_at"),
        "dateModified": record.get("modified_at"),
        "sdDatePublished": record.get("fetched_at"),
        "articleSection": record.get("section"),
        "keywords": record.get("tags"),
        "inLanguage": record.get("language"),
        "image": pictures,
        "associatedMedia": files,
        "legislationIdentifier": document.get("number"),
        "legislationType": document.get("type"),
        "legislationPassedBy": document.get("issuer"),
        "legislationDate": document.get("issued_on"),
    }  # fmt: skip
    return _given(found)


def _provenance(record: dict[str, Any]) -> str:
    extraction = record.get("extraction") or {}
    return (
        f"captured {record.get('fetched_at')}, portal {record.get('portal')}, extractor {extraction.get('version')}, "
        f"method {extraction.get('method')}, confidence {extraction.get('confidence')}"
    )


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, [], "")}
