"""Settings of the API, taken over by `farehistory.settings`: plain values that import nothing early."""

from __future__ import annotations

from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["farehistory.http.authentication.BearerKey"],
    "DEFAULT_PERMISSION_CLASSES": ["farehistory.http.permissions.HasRequiredScope"],
    "DEFAULT_PARSER_CLASSES": ["farehistory.http.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["farehistory.http.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "farehistory.http.negotiation.ByQuality",
    "DEFAULT_SCHEMA_CLASS": "farehistory.http.openapi.Schema",
    "EXCEPTION_HANDLER": "farehistory.http.handlers.handle_exception",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_THROTTLE_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "TEST_REQUEST_RENDERER_CLASSES": ["farehistory.http.renderers.JSONRenderer"],
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Fare history API",
    "DESCRIPTION": (
        "The single source of truth for fares. Every change of a booking's fare is an event that never changes; "
        "fares are read from those events.\n\n"
        "Amounts are strings with all decimals of their currency. Times are RFC 3339 in UTC. Unknown fields and "
        "parameters are refused. Every answer has `X-Request-ID`, and those of the addresses below have `Allow`; "
        "errors are `application/problem+json` with a stable `code`, explained at `/api/problems`. Within `/api/v1/` "
        "things are only ever added: take fields, and values of a field with `x-extensible-enum`, that you do not "
        "know."
    ),
    "VERSION": "1.0.0",
    "SERVERS": [{"url": "/", "description": "The server that answered this document."}],
    "TAGS": [
        {
            "name": "Fare events",
            "description": "Append to a booking's history, and read it, from the ledger.",
        },
        {"name": "Feed", "description": "All events as they come, for consumers that must miss none."},
        {"name": "Fares", "description": "What a booking costs, what it cost, and its receipt."},
        {"name": "Corrections", "description": "A fare put right by one person and approved by another."},
        {"name": "Operations", "description": "For those who run the platform."},
    ],
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "DISABLE_DOCSTRING_DESCRIPTIONS": True,
    "SORT_OPERATION_PARAMETERS": False,
    "SORT_OPERATIONS": False,
    "POSTPROCESSING_HOOKS": ["farehistory.http.openapi.complete"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None, "persistAuthorization": False},
}
