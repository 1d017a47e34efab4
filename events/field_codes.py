"""The codes of broken rules, `errors[].code` of an answer: the one list of them.

Checks can raise no other: mypy holds `FieldError` and `Broken` to `FieldCode`. A code never changes its meaning; new
ones may come.
"""

from __future__ import annotations

from typing import Final, Literal

FieldCode = Literal[
    "already_cancelled", "before_from", "control_character", "differs", "duplicate_key", "hash_broken",
    "invalid_amount", "invalid_booking_id", "invalid_component", "invalid_link", "invalid_reason_code",
    "invalid_time", "invalid_uuid", "invalid_value", "invalid_version", "lone_surrogate", "negative_fare",
    "no_longer_counts", "not_a_boolean", "not_a_list", "not_a_string", "not_an_object", "not_as_of",
    "not_cancellable", "not_json", "not_of_this_kind", "not_one_strong_tag", "not_together", "nothing_to_correct",
    "nul", "number_out_of_range", "out_of_range", "repeated_parameter", "required", "time_out_of_range", "too_deep",
    "too_large", "too_long", "too_many_components", "too_many_decimals", "too_many_items", "unknown_currency",
    "unknown_field", "unknown_kind", "unknown_parameter", "unknown_reason_code", "unknown_type",
    "unusable_reason_code",
]  # fmt: skip

FIELD_CODES: Final[dict[FieldCode, str]] = {
    "required": "The field or parameter is needed, and missing or empty",
    "unknown_field": "The body has a field that this call does not know",
    "unknown_parameter": "The query has a parameter that this call does not know",
    "repeated_parameter": "The parameter is given more than once",
    "invalid_value": "The parameter is not of its form, or out of its bounds",
    "not_an_object": "A JSON object is needed here",
    "not_a_string": "A JSON string is needed here; for an amount never a number",
    "not_a_boolean": "true or false is needed here",
    "not_a_list": "A JSON array is needed here",
    "too_many_items": "The batch has more items than it may",
    "too_long": "The text has too many characters",
    "control_character": "The text has a control character or half of a surrogate pair",
    "duplicate_key": "A key stands twice in one JSON object",
    "nul": "A string has the character NUL",
    "lone_surrogate": "A string has half of a surrogate pair",
    "number_out_of_range": "A number is no JSON number, too long, or beyond the range of a double",
    "too_deep": "Objects and arrays are nested too deeply",
    "too_large": "The metadata is too large",
    "not_json": "The metadata has a value that is none of JSON (only from Python)",
    "invalid_booking_id": "The booking id is not of its form",
    "invalid_uuid": "Not a UUID in its usual form, with four hyphens",
    "invalid_version": "Not a version: a whole number in its bounds (for an append also `any`)",
    "unknown_type": "Not one of SET, ADD and SUB",
    "invalid_component": "The component is not a slug such as `waiting_fee`",
    "invalid_amount": 'Not an amount: digits such as `"12.50"`, without a sign',
    "too_many_decimals": "The amount has more decimals than the booking's currency",
    "out_of_range": "The fare, or a component of it, would be out of range",
    "too_many_components": "The fare would have too many components",
    "unknown_currency": "Not an ISO 4217 code such as SGD",
    "invalid_time": "Not an RFC 3339 time with its offset from UTC",
    "time_out_of_range": "The time lies before 1970 or more than a day ahead",
    "not_one_strong_tag": "`If-Match` is not exactly one strong ETag of a fare",
    "differs": "The body expects another version than `If-Match` names",
    "not_together": "The parameter cannot go with another that is given",
    "not_as_of": "The parameter is of the fare of now, and cannot go with an as-of read",
    "before_from": "The later state lies before the earlier one",
    "unknown_kind": "Not a kind of correction",
    "not_of_this_kind": "The field has no place in a correction of this kind",
    "negative_fare": "The fare should be below zero, and that is not allowed explicitly",
    "nothing_to_correct": "The correction would change nothing",
    "not_cancellable": "The event is a SET, which no contra can cancel",
    "already_cancelled": "The event was cancelled by an earlier correction",
    "no_longer_counts": "A later SET replaced what the event did",
    "hash_broken": "The booking's events are not what their hashes say: ask an operator",
    "invalid_reason_code": "Not of the form of a reason code",
    "unknown_reason_code": "There is no such reason code",
    "unusable_reason_code": "The reason code is switched off",
    "invalid_link": "Not a link that begins with https:// or http://",
}
"""What each of them means, in the order of the reference (docs/errors.md)."""
