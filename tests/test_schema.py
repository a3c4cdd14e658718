from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

from jsonschema import Draft202012Validator

import portal_crawler
from portal_crawler.commands.schema import schema_text
from portal_crawler.items import Article

FILE = Path(portal_crawler.__file__).with_name("article.schema.json")


def test_the_schema_that_is_checked_in_is_that_of_the_code() -> None:
    assert FILE.read_text("utf-8") == schema_text(), "portal-crawler schema --write"


def test_the_schema_is_one_and_describes_every_field() -> None:
    schema = json.loads(schema_text())
    Draft202012Validator.check_schema(schema)
    assert list(schema["properties"]) == [part.name for part in fields(Article)]
    assert all(field.get("description") for field in schema["properties"].values())
    assert {"id", "url", "text", "html", "fetched_at"} <= set(schema["required"])
    assert schema["additionalProperties"] is False
