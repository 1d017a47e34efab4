"""A cursor is one text for one place; whatever else is sent in its stead is refused, and nothing is raised but that."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from uuid import UUID, uuid4
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.errors import CursorInvalid
from events.feed import Identity
from events.following.cursor import MAX_TEXT, Cursor, joined

LEDGER = Identity(UUID("9d8c2f0e-4b0a-4d2b-9d9e-3f6f0a1b2c3d"), 1)

identities = st.builds(Identity, st.uuids(), st.integers(1, 2**31 - 1))
positions = st.dictionaries(st.integers(0, 255), st.integers(0, 2**62), max_size=256)
cursors = st.builds(Cursor, identities, positions, st.integers(0, 255))


def refused(text: str) -> None:
    with pytest.raises(CursorInvalid):
        Cursor.parse(text)


def written(content: bytes) -> str:
    """The text of any content, with its right checksum."""
    return urlsafe_b64encode(content + crc32(content).to_bytes(4)).rstrip(b"=").decode()


@given(cursors)
def test_what_was_written_is_read(cursor: Cursor) -> None:
    assert Cursor.parse(str(cursor)) == cursor


@given(cursors)
def test_it_needs_no_escaping_in_a_url_and_is_never_too_long(cursor: Cursor) -> None:
    assert str(cursor).replace("-", "").replace("_", "").isalnum()
    assert len(str(cursor)) <= MAX_TEXT


@pytest.mark.parametrize(
    ("partitions", "position", "characters"),
    [(64, 1_000_000, 300), (256, 1_000_000, 1_100), (256, 10**10, 1_750)],
)
def test_it_is_small(partitions: int, position: int, characters: int) -> None:
    assert len(str(Cursor(LEDGER, dict.fromkeys(range(partitions), position)))) <= characters


@given(st.text(max_size=400))
def test_garbage_is_refused(text: str) -> None:
    refused(text)


@given(st.binary(max_size=200))
def test_garbage_with_a_right_checksum_is_refused_or_is_a_cursor(content: bytes) -> None:
    """Whatever it says, reading it ends in a cursor with that very text, or in its error."""
    with suppress(CursorInvalid):
        assert str(Cursor.parse(written(content))) == written(content)


@given(cursors, st.data())
def test_a_cursor_cut_short_is_refused(cursor: Cursor, data: st.DataObject) -> None:
    text = str(cursor)
    refused(text[: data.draw(st.integers(0, len(text) - 1))])


@given(cursors, st.data())
def test_a_flipped_bit_is_noticed(cursor: Cursor, data: st.DataObject) -> None:
    whole = bytearray(urlsafe_b64decode(str(cursor) + "=" * (-len(str(cursor)) % 4)))
    bit = data.draw(st.integers(0, 8 * len(whole) - 1))
    whole[bit // 8] ^= 1 << bit % 8
    refused(urlsafe_b64encode(bytes(whole)).rstrip(b"=").decode())


@given(cursors, st.data())
@settings(max_examples=50)
def test_another_character_is_noticed(cursor: Cursor, data: st.DataObject) -> None:
    """Also in the last one, of which base64 does not use every bit."""
    text = str(cursor)
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("ABCDEFabcdef0189-_+/=~ \u0661").filter(lambda c: c != text[at]))
    refused(text[:at] + other + text[at + 1 :])


def test_a_form_that_is_not_known_is_named() -> None:
    content = bytes([9]) + uuid4().bytes + b"\x01\x00\x00"
    with pytest.raises(CursorInvalid, match="form 9"):
        Cursor.parse(written(content))


def test_the_first_form_is_read_for_ever() -> None:
    """A consumer keeps its cursor for as long as it likes: this text was written by the first version."""
    text = "AZ2MLw5LCk0rnZ4_bwobLD0BBwIAAgICBQGsAgAOID48"
    assert Cursor.parse(text) == Cursor(LEDGER, {0: 5, 1: 1, 4: 300, 5: 0}, begin=7)


def test_joined_cursors_cover_what_each_covers_and_whoever_got_further_counts() -> None:
    one, other = Cursor(LEDGER, {0: 5, 1: 9}), Cursor(LEDGER, {1: 7, 2: 3})
    assert joined([one, other]).positions == {0: 5, 1: 9, 2: 3}


@pytest.mark.parametrize("ledger", [Identity(uuid4(), 1), Identity(LEDGER.ledger_id, 2)])
def test_cursors_of_two_ledgers_or_epochs_are_not_joined(ledger: Identity) -> None:
    with pytest.raises(CursorInvalid):
        joined([Cursor(LEDGER, {0: 5}), Cursor(ledger, {1: 7})])
