"""Articles as rows: the flat columns of CSV and SQLite, and the nested types of Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from portal_crawler.schema import article_schema

if TYPE_CHECKING:
    from collections.abc import Callable

Column: TypeAlias = "tuple[str, Callable[[dict[str, Any]], Any]]"


def _plain(name: str) -> Column:
    return "TEXT", lambda record: record.get(name)


def _document(name: str) -> Column:
    return "TEXT", lambda record: (record.get("document") or {}).get(name)


def _archived(name: str) -> Callable[[dict[str, Any]], Any]:
    """What is said of an article's WARC record."""
    return lambda record: (record.get("archive") or {}).get(name)


def _joined(name: str, key: str | None = None) -> Column:
    """A list, one entry a line."""
    return "TEXT", lambda record: "\n".join(one[key] if key else one for one in record.get(name) or [])


# Column -> its SQLite type, and how an article gives it.
COLUMNS: dict[str, Column] = {
    **{
        name: _plain(name)
        for name in ("id", "url", "canonical_url", "portal", "site", "province", "department", "kind")
    },
    "section": _joined("section"),
    **{
        name: _plain(name)
        for name in (
            "title", "subtitle", "lead", "text", "author", "source", "published_at", "modified_at", "language",
            "fetched_at", "content_sha256",
        )
    },
    "version": ("INTEGER", lambda record: record.get("version", 1)),
    "tags": _joined("tags"),
    "images": _joined("images", "url"),
    "attachments": _joined("attachments", "url"),
    **{
        f"document_{name}": _document(name)
        for name in ("number", "type", "issuer", "signer", "issued_on", "effective_on", "status")
    },
    "confidence": ("REAL", lambda record: (record.get("extraction") or {}).get("confidence")),
    "extractor": ("TEXT", lambda record: (record.get("extraction") or {}).get("version")),
    "template": ("TEXT", lambda record: (record.get("extraction") or {}).get("template")),
    **{
        f"archive_{name}": (kind, _archived(name))
        for name, kind in (("file", "TEXT"), ("offset", "INTEGER"), ("record_id", "TEXT"), ("payload_digest", "TEXT"))
    },
}  # fmt: skip


def flat(record: dict[str, Any]) -> dict[str, Any]:
    """An article's columns."""
    return {name: value(record) for name, (_, value) in COLUMNS.items()}


def unfolded(text: str | None) -> str | None:
    """A text with d for đ, which no decomposition gives."""
    return text.replace("đ", "d").replace("Đ", "D") if text else text


def field_types() -> dict[str, str]:
    """The fields of an article, each with its type of JSON: string, integer, object, array."""
    schema = article_schema()
    found = {}
    for name, described in schema["properties"].items():
        options = [one for one in described.get("anyOf", [described]) if one.get("type") != "null"]
        kinds = options[0].get("type", "object")  # without one, it refers to an item
        found[name] = kinds if isinstance(kinds, str) else next(kind for kind in kinds if kind != "null")
    return found


def arrow_schema(pyarrow: Any, *, without: str) -> Any:
    """The Arrow schema of the articles' JSON Schema but for one field; every field may be null."""
    schema = article_schema()
    fields = [(name, each) for name, each in schema["properties"].items() if name != without]
    return pyarrow.schema([(name, _arrow_type(pyarrow, each, schema)) for name, each in fields])


def _arrow_type(pyarrow: Any, described: dict[str, Any], whole: dict[str, Any]) -> Any:
    if "$ref" in described:
        found: Any = whole
        for part in described["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return _arrow_type(pyarrow, found, whole)
    if "anyOf" in described:
        return _arrow_type(pyarrow, next(one for one in described["anyOf"] if one.get("type") != "null"), whole)
    kind = described.get("type", "string")
    if isinstance(kind, list):
        kind = next(one for one in kind if one != "null")
    if kind == "array":
        return pyarrow.list_(_arrow_type(pyarrow, described.get("items", {}), whole))
    if kind == "object":
        inside = described.get("properties", {}).items()
        return pyarrow.struct([(name, _arrow_type(pyarrow, each, whole)) for name, each in inside])
    plain = {"string": "string", "integer": "int64", "number": "float64", "boolean": "bool_"}
    return getattr(pyarrow, plain[kind])()
