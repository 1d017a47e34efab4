"""How far a consumer has got in each partition, as one opaque text.

    version of the form (1 byte)
    ledger id (16 bytes), epoch, the partition that the next page begins with
    number of runs of partitions; of each: how many are left out before it, how many it has
    a position for each partition, in order
    CRC-32 of all that (4 bytes)

Numbers are varints, the whole is base64url without padding: some 300 characters for 64 partitions of a million events
each, 1,700 for 256 of ten billion. The checksum finds accidents; a cursor is no secret and grants nothing.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Self
from uuid import UUID
from zlib import crc32

from events.errors import CursorInvalid
from events.feed import Identity

FORM: Final = 1
MAX_TEXT: Final = 4096
"""Characters of a cursor: more than any can have, and less than what URLs may."""

_MAX_PARTITIONS: Final = 256
_CHECKSUM: Final = 4  # bytes
_LONGEST_NUMBER: Final = 9  # bytes of a varint: 63 bits


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the feed of one ledger. What it covers is what it has positions of."""

    ledger: Identity
    positions: Mapping[int, int]
    """The last position examined, by partition; 0: none yet."""
    begin: int = 0
    """The partition that the next page begins with, or the first one after it: so none starves."""

    def __str__(self) -> str:
        content = bytes([FORM]) + self.ledger.ledger_id.bytes + b"".join(map(_varint, self._numbers()))
        whole = content + crc32(content).to_bytes(_CHECKSUM)
        return urlsafe_b64encode(whole).rstrip(b"=").decode("ascii")

    def _numbers(self) -> Iterator[int]:
        runs = list(_runs(sorted(self.positions)))
        yield from (self.ledger.epoch, self.begin, len(runs))
        for run in runs:
            yield from run
        yield from (position for _, position in sorted(self.positions.items()))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The cursor that was written as this text. Raises CursorInvalid for any other text."""
        content = _checked(text)
        if content[0] != FORM:
            raise CursorInvalid(
                f"a cursor of form {content[0]} is not known here; this server reads form {FORM}"
            )
        numbers = _Numbers(content[17:])
        ledger = Identity(UUID(bytes=content[1:17]), numbers.next())
        begin = numbers.next()
        partitions = list(numbers.partitions())
        positions = {partition: numbers.next() for partition in partitions}
        cursor = cls(ledger, positions, begin)
        if str(cursor) != text:  # one place has one text
            raise _unreadable()
        return cursor

    def moved(self, positions: Mapping[int, int], begin: int) -> Self:
        """The same, further on in these partitions."""
        return replace(self, positions={**self.positions, **positions}, begin=begin)


def joined(cursors: Sequence[Cursor]) -> Cursor:
    """One cursor of all that several cover; of a partition that more than one covers, whoever got further counts.

    Raises CursorInvalid if they are not of one ledger and epoch.
    """
    first, *others = cursors
    positions = dict(first.positions)
    for other in others:
        if other.ledger != first.ledger:
            raise CursorInvalid("the cursors are not of one ledger and epoch")
        for partition, position in other.positions.items():
            positions[partition] = max(position, positions.get(partition, 0))
    return replace(first, positions=positions)


class _Numbers:
    """Reads varints one after the other; what is missing or too long is no cursor."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def next(self) -> int:
        number = 0
        for index in range(_LONGEST_NUMBER):
            if self._at >= len(self._content):
                break
            byte = self._content[self._at]
            self._at += 1
            number |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                return number
        raise _unreadable()

    def partitions(self) -> Iterator[int]:
        at = 0
        for _ in range(self.next()):
            first = at + self.next()
            at = first + self.next()
            if at > _MAX_PARTITIONS:
                raise _unreadable()
            yield from range(first, at)


def _checked(text: str) -> bytes:
    """The content of a cursor whose checksum is right."""
    if not text.isascii() or len(text) > MAX_TEXT:
        raise _unreadable()
    try:
        whole = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise _unreadable() from None
    content, checksum = whole[:-_CHECKSUM], whole[-_CHECKSUM:]
    if len(content) <= 17 or crc32(content).to_bytes(_CHECKSUM) != checksum:
        raise _unreadable()
    return content


def _unreadable() -> CursorInvalid:
    return CursorInvalid("this is not a cursor as the feed gave it; send `next` of an answer, unchanged")


def _runs(partitions: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Of each run of partitions: how many are left out before it, and how many it has."""
    starts: list[list[int]] = []
    for partition in partitions:
        if starts and partition == starts[-1][1]:
            starts[-1][1] += 1
        else:
            starts.append([partition, partition + 1])
    for (_, before), (first, end) in pairwise([[0, 0], *starts]):
        yield first - before, end - first


def _varint(number: int) -> bytes:
    groups = bytearray()
    while number >= 0x80:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)
