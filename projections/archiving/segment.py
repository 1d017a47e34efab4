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
from typing import Any, Final
from uuid import UUID

import msgspec

from events import chain
from events.api.representation import time_as_json

FORMAT: Final = "farehistory-archive-1"
EVENT: Final = frozenset((*chain.FIELDS, "actor", "description", "metadata", "salt", "hash"))
"""What an event's line has, no more and no less: what else stood there would be covered by no hash."""

NAME: Final = re.compile(r"([0-9]{12})-([0-9]{12,19})\.jsonl\.gz")


class BadSegment(ValueError):
    """A file that is not what it should be: the message says where and why."""


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line: what the file is of, and the hash that its first event goes on from."""

    format: str
    ledger_id: str
    epoch: int
    partition: int
    first: int
    last: int
    previous_hash: str


class Footer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last line. `sha256` is of all bytes before this line."""

    events: int
    last_hash: str
    sha256: str


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


def checked(packed: bytes) -> Checked:
    """Reads a file's bytes and computes every digest and hash in it anew. Raises BadSegment."""
    content, last_line = _content_and_last_line(packed)
    header = _decoded(content[: content.find(b"\n") + 1], Header, "the first line is not a header")
    footer = _decoded(last_line, Footer, "the last line is not a footer")
    if header.format != FORMAT:
        raise BadSegment(f"is of the format {header.format!a}, not {FORMAT}")
    last_hash, events, erased = _chained(header, content)
    if events != footer.events or header.first + events - 1 != header.last:
        raise BadSegment(
            f"has {events} events; the header says {header.first} to {header.last}, the footer {footer.events}"
        )
    if last_hash != footer.last_hash:
        raise BadSegment(f"the footer's last_hash is not that of position {header.last}")
    if sha256(content).hexdigest() != footer.sha256:
        raise BadSegment("the footer's sha256 is not that of the lines before it")
    return Checked(header, footer, erased)


def _chained(header: Header, content: bytes) -> tuple[str, int, int]:
    """The hash after the last event, how many there are, and how many were erased."""
    previous = _bytes(header.previous_hash, "the header's previous_hash")
    events = erased = 0
    for position, event in enumerate(_events(content), header.first):
        where = f"partition {header.partition}, position {position}"
        if (event.get("partition"), event.get("position")) != (header.partition, position):
            raise BadSegment(
                f"{where}: here stands the event of partition {event.get('partition')},"
                f" position {event.get('position')}"
            )
        previous = _verified(event, previous, where)
        erased += event["metadata"] is None
        events += 1
    return previous.hex(), events, erased


def _verified(event: dict[str, Any], previous: bytes, where: str) -> bytes:
    """The event's hash, if it is what its fields and content give. Raises BadSegment."""
    if event.keys() != EVENT:
        raise BadSegment(f"{where}: lacks or has too much of {', '.join(sorted(event.keys() ^ EVENT))}")
    texts = {name: event[name] for name in ("actor", "description", "metadata")}
    # Erased content is gone as a whole; its digest stays.
    if any(text is not None for text in texts.values()):
        digest = chain.content_digest(salt=_bytes(event["salt"], f"{where}: salt"), **texts)
        if digest.hex() != event["content_digest"]:
            raise BadSegment(f"{where}: actor, description or metadata are not what the digest covers")
    computed = chain.event_hash(previous, event)
    if computed.hex() != event["hash"]:
        raise BadSegment(f"{where}: the hash is not that of the event and of the hash before it")
    return computed


def _events(content: bytes) -> Iterator[dict[str, Any]]:
    """The lines after the header."""
    start = content.find(b"\n") + 1
    while start < len(content):
        end = content.find(b"\n", start) + 1
        yield _decoded(content[start:end], dict[str, Any], f"line at byte {start} is not an event")
        start = end


def _content_and_last_line(packed: bytes) -> tuple[bytes, bytes]:
    try:
        text = gzip.decompress(packed)
    except (OSError, EOFError, zlib.error) as error:
        raise BadSegment(f"is not a complete gzip file: {error}") from error
    cut = text.rfind(b"\n", 0, -1) + 1
    if cut == 0 or not text.endswith(b"\n"):
        raise BadSegment("has no header and footer")
    return text[:cut], text[cut:]


def _decoded(line: bytes, kind: Any, otherwise: str) -> Any:
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadSegment(f"{otherwise}: {error}") from error


def _bytes(digits: Any, what: str) -> bytes:
    try:
        found = bytes.fromhex(digits)
    except (ValueError, TypeError):
        found = b""
    if len(found) != 32:
        raise BadSegment(f"{what} is not 64 hexadecimal digits")
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
