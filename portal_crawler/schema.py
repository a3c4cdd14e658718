"""The JSON Schema of an article, generated from the item itself."""

from __future__ import annotations

from typing import Any

from itemadapter import ItemAdapter

from portal_crawler.items import SCHEMA_VERSION, Article


def article_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of one exported line; ``portal-crawler schema`` prints it."""
    schema = ItemAdapter.get_json_schema(Article)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:portal-crawler:article:{SCHEMA_VERSION}",
        "title": "Article",
        "description": "One article, notice, legal document or gallery of a portal.",
        **schema,
    }
