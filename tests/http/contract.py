"""The OpenAPI document as tests hold the API to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from farehistory.http.contract import openapi_document


def closed(part: Any) -> Any:
    """The document without the freedom to add things within v1: today an answer has what is written, and no more."""
    if isinstance(part, list):
        return [closed(item) for item in part]
    if not isinstance(part, dict):
        return part
    strict = {name: closed(value) for name, value in part.items()}
    if "properties" in part and part.get("type") in ("object", ["object", "null"]):
        strict.setdefault("additionalProperties", False)
    if "x-extensible-enum" in part:
        strict["enum"] = part["x-extensible-enum"]
    return strict


def document() -> dict[str, Any]:
    strict: dict[str, Any] = closed(openapi_document())
    return strict


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and operation of every call."""
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def assert_valid(value: Any, schema: dict[str, Any]) -> None:
    """That a value is what a schema of the document says."""
    whole = {**schema, "components": document()["components"]}
    Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


def named(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}
