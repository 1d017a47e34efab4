"""Entity tags of fares (RFC 9110): `"v7.1"` is version 7 in format 1 of the answer."""

from __future__ import annotations

import re
from typing import Any, Final

from django.utils.http import parse_etags

from events.errors import FieldError, InvalidPrecondition
from events.field_checks import MAX_VERSION

_TAG: Final = re.compile(r'"v([1-9][0-9]{0,9})\.[1-9][0-9]{0,2}"')


def etag_of(version: int, answer_format: int) -> str:
    """The strong tag of a fare at a version. How it was read (`consistency`) is no part of what it stands for."""
    return f'"v{version}.{answer_format}"'


def is_known_to_client(if_none_match: str, etag: str) -> bool:
    """Whether a list of tags, compared weakly, names this one, or is `*`. What is no tag matches nothing."""
    return any(tag == "*" or tag.removeprefix("W/") == etag for tag in parse_etags(if_none_match))


def with_expected_version(body: Any, if_match: str) -> Any:
    """The body of an append with the version that `If-Match` names in place of `expected_version`.

    Any format's tag will do: what it says of the version is as true. Raises InvalidPrecondition unless it is exactly
    one strong tag of a fare, or if the body expects another version.
    """
    version = _version(if_match)
    if not isinstance(body, dict):
        return body
    if body.get("expected_version", version) != version:
        detail = f"expected_version is not {version}, the version that If-Match names; send one of the two"
        raise InvalidPrecondition(detail, [FieldError("/expected_version", "differs", detail)])
    return {"expected_version": version, **body}


def _version(if_match: str) -> int:
    match = _TAG.fullmatch(if_match.strip(" \t"))
    if match is None or int(match[1]) > MAX_VERSION:
        detail = (
            'If-Match must be exactly one strong ETag of the fare, such as "v7.1": no list, no *, no weak one'
        )
        raise InvalidPrecondition(detail, [FieldError("/If-Match", "not_one_strong_tag", detail)])
    return int(match[1])
