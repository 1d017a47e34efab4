"""One file of the archive: a range of one partition's log, as gzip-compressed JSON Lines.

Header, one line an event, footer. Written by `composed`, read by `checked`, which trusts nothing that it can compute:
an event's hash by `events.chain`, from the fields in the file.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

import msgspec

from events import chain
from events.api.representation import time_as_json
from events.partitions import partition_among

FORMAT: Final = "farehistory-archive-1"
MOST_UNPACKED: Final = 64 * 1024 * 1024
"""Bytes of a file's lines: four times what is written into one. A small file can unpack to any size."""

NAME: Final = re.compile(r"([0-9]{12})-([0-9]{12,19})\.jsonl\.gz")

# What stands in files and manifests. Bounds, so that no number is too large to count to or to print.
Number = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
Money = Annotated[int, msgspec.Meta(gt=-(10**15), lt=10**15)]
PartitionNumber = Annotated[int, msgspec.Meta(ge=0, le=255)]
Digest = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
LedgerId = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")]
BookingId = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\Z")]
Text = Annotated[str, msgspec.Meta(min_length=1)]
"""Never empty: an empty text and none have the same hash."""


class BadSegment(ValueError):
    """A file that is not what it should be: the message says where and why."""


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line: what the file is of, and the hash that its first event goes on from."""

    format: str
    ledger_id: LedgerId
    epoch: Number
    partition: PartitionNumber
    first: Number
    last: Number
    previous_hash: Digest


class Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An event's line, no more and no less: what else stood there would be covered by no hash."""

    schema: Number
    partition: PartitionNumber
    position: Number
    booking_id: BookingId
    version: Number
    transaction_id: Text
    type: Text
    component: Text
    currency: Text
    exponent: Annotated[int, msgspec.Meta(ge=0, le=4)]
    amount: Money
    fare: Money
    allow_negative: bool
    source: Text
    origin: Text
    corrects_version: Number | None
    correction_id: Text | None
    recorded_at: Text
    occurred_at: Text | None
    content_digest: Digest
    actor: str | None
    description: str | None
    metadata: str | None
    salt: Digest
    hash: Digest


class Footer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last line. `sha256` is of all bytes before this line."""

    events: Number
    last_hash: Digest
    sha256: Digest


Kind = TypeVar("Kind", Header, Event, Footer)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a file was found to hold."""

    header: Header
    footer: Footer
    erased: int
    """Events whose content is not there: their hashes prove the rest of them."""


def name_of(first: int, last: int) -> str:
    """The file's name: 000000000001-000000001000.jsonl.gz"""
    return f"{first:012}-{last:012}.jsonl.gz"


def range_of(name: str) -> tuple[int, int] | None:
    """First and last position by the file's name; None for another kind of file."""
    match = NAME.fullmatch(name)
    return None if match is None else (int(match[1]), int(match[2]))


def event_line(record: Mapping[str, Any]) -> bytes:
    """A row of `events.feed.records` as a line: the canonical fields, the content, the salt and the hash."""
    return msgspec.json.encode({name: _plain(value) for name, value in record.items()}) + b"\n"


def composed(header: Header, lines: list[bytes], last_hash: str) -> bytes:
    """The file's bytes. The same events make the same bytes."""
    content = msgspec.json.encode(header) + b"\n" + b"".join(lines)
    footer = Footer(events=len(lines), last_hash=last_hash, sha256=sha256(content).hexdigest())
    return gzip.compress(content + msgspec.json.encode(footer) + b"\n", compresslevel=6, mtime=0)


def checked(packed: bytes, partitions: int | None = None) -> Checked:
    """Reads a file's bytes and computes every digest and hash in it anew. Raises BadSegment.

    With the number of partitions each event must also be in the one that its booking belongs to.
    """
    content, last_line = _content_and_last_line(packed)
    header = _decoded(content[: content.find(b"\n") + 1], Header, "the first line is not a header")
    footer = _decoded(last_line, Footer, "the last line is not a footer")
    if header.format != FORMAT:
        raise BadSegment(f"is of the format {header.format!a}, not {FORMAT}")
    last_hash, events, erased = _chained(header, content, partitions)
    if events != footer.events or header.first + events - 1 != header.last:
        raise BadSegment(
            f"has {events} events; the header says {header.first} to {header.last}, the footer {footer.events}"
        )
    if last_hash != footer.last_hash:
        raise BadSegment(f"the footer's last_hash is not that of position {header.last}")
    if sha256(content).hexdigest() != footer.sha256:
        raise BadSegment("the footer's sha256 is not that of the lines before it")
    return Checked(header, footer, erased)


def _chained(header: Header, content: bytes, partitions: int | None) -> tuple[str, int, int]:
    """The hash after the last event, how many there are, and how many were erased."""
    previous = bytes.fromhex(header.previous_hash)
    events = erased = 0
    for position, line in enumerate(_event_lines(content), header.first):
        where = f"partition {header.partition}, position {position}"
        event = _decoded(line, Event, f"{where}: this line is not an event")
        if (event.partition, event.position) != (header.partition, position):
            raise BadSegment(
                f"{where}: here stands the event of partition {event.partition}, position {event.position}"
            )
        previous = _verified(event, previous, where)
        if partitions is not None and partition_among(event.booking_id, partitions) != event.partition:
            raise BadSegment(
                f"{where}: of {partitions} partitions, booking {event.booking_id} belongs to"
                f" {partition_among(event.booking_id, partitions)}"
            )
        erased += event.metadata is None
        events += 1
    return previous.hex(), events, erased


def _verified(event: Event, previous: bytes, where: str) -> bytes:
    """The event's hash, if it is what its fields and content give. Raises BadSegment."""
    texts = {"actor": event.actor, "description": event.description, "metadata": event.metadata}
    # Erased content is gone as a whole; its digest stays.
    if any(text is not None for text in texts.values()):
        digest = chain.content_digest(salt=bytes.fromhex(event.salt), **texts)
        if digest.hex() != event.content_digest:
            raise BadSegment(f"{where}: actor, description or metadata are not what the digest covers")
    computed = chain.event_hash(previous, msgspec.structs.asdict(event))
    if computed.hex() != event.hash:
        raise BadSegment(f"{where}: the hash is not that of the event and of the hash before it")
    return computed


def _event_lines(content: bytes) -> Iterator[bytes]:
    """The lines after the header."""
    start = content.find(b"\n") + 1
    while start < len(content):
        end = content.find(b"\n", start) + 1
        yield content[start:end]
        start = end


def _unpacked(packed: bytes) -> bytes:
    """The text of the one gzip member that the file is. Raises BadSegment."""
    member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        text = member.decompress(packed, MOST_UNPACKED)
    except zlib.error as error:
        raise BadSegment(f"is not a complete gzip file: {error}") from error
    if member.unconsumed_tail:
        raise BadSegment(f"unpacks to more than {MOST_UNPACKED:,} bytes")
    if not member.eof:
        raise BadSegment("is not a complete gzip file: its end is missing")
    # Bytes 3 to 7 of a member: flags (a name, a comment …) and time.
    if member.unused_data or packed[3:8] != bytes(5):
        raise BadSegment("is not one gzip member without name and time")
    return text


def _content_and_last_line(packed: bytes) -> tuple[bytes, bytes]:
    text = _unpacked(packed)
    cut = text.rfind(b"\n", 0, -1) + 1
    if cut == 0 or not text.endswith(b"\n"):
        raise BadSegment("has no header and footer")
    return text[:cut], text[cut:]


def _decoded(line: bytes, kind: type[Kind], otherwise: str) -> Kind:
    try:
        found = msgspec.json.decode(line, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadSegment(f"{otherwise}: {error}") from error
    # There is one way to write a line. Of two equal keys, say, each reader would take the one it likes.
    if msgspec.json.encode(found) + b"\n" != line:
        raise BadSegment(f"{otherwise}: not each key once, in order, without blanks and needless escapes")
    return found


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return time_as_json(value)
        case UUID():
            return str(value)
        case bytes() | memoryview():
            return bytes(value).hex()
        case _:
            return value
