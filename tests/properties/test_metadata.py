"""Metadata in is metadata out, as the same text every time."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from events import history, ledger, strict_json
from events.errors import InvalidEvent, MalformedBody
from events.metadata import Metadata
from tests.builders import append, event, new_booking_id, set_
from tests.properties.strategies import metadata


@given(metadata)
@settings(max_examples=80, deadline=None)
def test_metadata_survives_the_ledger(value: dict[str, Any]) -> None:
    booking = new_booking_id()
    change = event(booking, set_("1.00", metadata=value))
    ledger.append(change, source="pricing")
    head = history.head_of(booking)
    assert head is not None
    assert head.metadata == value
    assert head.metadata_text == Metadata.of(value).text
    # And it is equal to itself when it comes again, whatever PostgreSQL makes of its numbers.
    assert ledger.append(change, source="pricing").replayed


@given(metadata)
def test_the_stored_text_is_a_fixed_point(value: dict[str, Any]) -> None:
    text = Metadata.of(value).text
    assert strict_json.dump(strict_json.parse(text.encode())) == text


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:0123456789.eE-+\\uDdnN tfalsrI\ud800\0', max_size=40).map(
    lambda text: text.encode("utf-8", "surrogatepass")
))  # fmt: skip
def test_no_bytes_at_all_break_the_parser(data: bytes) -> None:
    try:
        value = strict_json.parse(data)
    except (MalformedBody, InvalidEvent):
        return
    assert strict_json.parse(strict_json.dump(value).encode()) == value


def test_metadata_is_opaque_down_to_the_key_order() -> None:
    head = append(new_booking_id(), set_("1.00", metadata={"z": 1, "a": {"y": 1, "b": 2}}))
    assert head.metadata_text == '{"z":1,"a":{"y":1,"b":2}}'
