"""The contract as files: `docs/openapi.yaml` and `docs/errors.md`, both computed from the code."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer2, OpenApiYamlRenderer2
from drf_spectacular.validation import validate_schema

from farehistory.http.error_reference import error_reference

REMAKE: Final = "make contract"


@cache
def openapi_document() -> dict[str, Any]:
    """The OpenAPI document, as plain values. The same for every request of a process: it is computed once.

    Raises a validation error of jsonschema if it is no OpenAPI, RuntimeError for whatever the generator warns of.
    """
    with GENERATOR_STATS.silence():
        document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    if GENERATOR_STATS:
        raise RuntimeError(
            "the generator of the OpenAPI document warns: `manage.py spectacular` says of what"
        )
    validate_schema(document)
    return document


@cache
def openapi_text(form: str) -> bytes:
    """The document as "yaml" or "json"."""
    renderer = OpenApiYamlRenderer2() if form == "yaml" else OpenApiJsonRenderer2()
    text: bytes = renderer.render(openapi_document(), renderer_context={})
    return text


def files() -> dict[Path, str]:
    """Each file of the contract, with what must stand in it."""
    docs = Path(settings.BASE_DIR, "docs")
    return {
        docs / "openapi.yaml": openapi_text("yaml").decode(),
        docs / "errors.md": error_reference(),
    }
