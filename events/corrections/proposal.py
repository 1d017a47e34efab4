"""What a person asks for: a correction before it is kept. One that breaks a rule cannot be made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from decimal import Decimal
from typing import Any, Final, Self
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _

from events import field_checks as check
from events.corrections.models import Kind
from events.errors import FieldError, InvalidCorrection
from events.event import EventType
from events.field_checks import Broken, Check, checked, names_refused

MAX_REASON: Final = 2000
MAX_EVIDENCE: Final = 1000

REASON_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,47}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A correction that somebody wants. Fields take the forms of the API or their Python equals, hold the latter.

    Of kind `event`: `type`, `amount`, and `component` (absent: that of the corrected event). Of `contra`: nothing
    more. Of `should_be`: `target`, the fare as it should be, with a minus if it is below zero.
    `id` is made with the form, so that a double click proposes once; `seen_version` is the fare that the person saw.
    Raises InvalidCorrection naming every field that breaks a rule.
    """

    id: UUID | str
    booking_id: str
    corrects_version: int
    seen_version: int
    kind: Kind | str
    reason_code: str
    reason: str
    type: EventType | str | None = None
    component: str | None = None
    amount: Decimal | str | None = None
    target: Decimal | str | None = None
    allow_negative: bool = False
    evidence: str = ""

    def __post_init__(self) -> None:
        normalised, errors = checked({name: getattr(self, name) for name in _CHECKS}, _CHECKS)
        if "kind" in normalised:
            errors += _misfits(normalised, {error.pointer for error in errors})
        if errors:
            raise InvalidCorrection.of(errors)
        for name, value in normalised.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_json(cls, body: object) -> Self:
        """The proposal that a parsed JSON body (numbers as Decimals) makes.

        Raises InvalidCorrection for a body that is no object, lacks a field, or has one that is not known.
        """
        if not isinstance(body, dict):
            raise InvalidCorrection.at("", "not_an_object", "the body must be a JSON object")
        given = {name: value for name, value in body.items() if name in _CHECKS}
        for name in ("amount", "target"):
            if isinstance(given.get(name), Decimal):
                given[name] = False  # a Decimal is fine from Python, a JSON number is not
        errors = names_refused(body, _CHECKS, _REQUIRED, "a correction")
        if errors:
            raise InvalidCorrection.of([*errors, *checked(given, _CHECKS)[1]])
        return cls(**given)


_ASKED_FOR: Final = ("type", "component", "amount", "target")
_NEEDED: Final = {Kind.EVENT: ("type", "amount"), Kind.CONTRA: (), Kind.SHOULD_BE: ("target",)}
_POSSIBLE: Final = {Kind.EVENT: ("type", "component", "amount"), Kind.CONTRA: (), Kind.SHOULD_BE: ("target",)}


def _misfits(values: Mapping[str, Any], already: set[str]) -> list[FieldError]:
    """Fields that a correction of this kind lacks, or should not have."""
    kind: Kind = values["kind"]
    errors = []
    for name in _ASKED_FOR:
        given = values.get(name) is not None or f"/{name}" in already
        if name in _NEEDED[kind] and not given:
            errors.append(
                FieldError(f"/{name}", "required", f"{name} is required for this kind of correction")
            )
        if name not in _POSSIBLE[kind] and given:
            errors.append(
                FieldError(f"/{name}", "not_of_this_kind", f"{name} has no place in a {kind} correction")
            )
    target = values.get("target")
    if kind is Kind.SHOULD_BE and target is not None and target < 0 and values.get("allow_negative") is False:
        errors.append(
            FieldError("/target", "negative_fare", _("A fare below zero must be allowed explicitly."))
        )
    return errors


def _kind(value: object) -> Kind:
    try:
        return Kind(check.string(value))
    except Broken:
        raise
    except ValueError:
        raise Broken("unknown_kind", "must be event, contra or should_be") from None


def _optional(then: Check) -> Check:
    return lambda value: None if value is None else then(value)


def _signed_amount(value: object) -> Decimal:
    """An amount that may be below zero."""
    text = f"{value:f}" if isinstance(value, Decimal) else value
    if isinstance(text, str) and text.startswith("-"):
        return -check.amount(text[1:]) + 0  # no negative zero
    return check.amount(text)


_valid_link = URLValidator(schemes=["http", "https"])


def _link(value: object) -> str:
    text = check.string(value).strip()
    if len(text) > MAX_EVIDENCE:
        raise Broken("too_long", f"has {len(text)} characters; at most {MAX_EVIDENCE} are kept")
    try:
        # Django's rule lets control characters into the path; the table does not.
        if text:
            _valid_link(check.text(MAX_EVIDENCE)(text))
    except (ValidationError, Broken):
        raise Broken("invalid_link", "must be a link that begins with https:// or http://") from None
    return text


_version = check.whole_number(1, check.MAX_VERSION)

_CHECKS: dict[str, Check] = {
    "id": check.uuid,
    "booking_id": check.booking_id,
    "corrects_version": _version,
    "seen_version": _version,
    "kind": _kind,
    "reason_code": check.matching(REASON_CODE, "invalid_reason_code", "must be one of the reason codes"),
    "reason": check.prose(MAX_REASON, required=True),
    "type": _optional(check.event_type),
    "component": _optional(check.component),
    "amount": _optional(check.amount),
    "target": _optional(_signed_amount),
    "allow_negative": check.boolean,
    "evidence": _link,
}

_REQUIRED = tuple(field.name for field in fields(Proposal) if field.default is MISSING)
