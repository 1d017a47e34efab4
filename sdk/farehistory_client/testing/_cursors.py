"""Cursors of the fake's feed: as opaque as the platform's."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from zlib import crc32

from farehistory_client.testing._problems import Refusal


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a reader has got in each partition that it covers, and with which one the next page begins."""

    ledger: str
    epoch: int
    begin: int
    positions: Mapping[int, int]

    def __str__(self) -> str:
        content = json.dumps([self.ledger, self.epoch, self.begin, sorted(self.positions.items())]).encode()
        return urlsafe_b64encode(crc32(content).to_bytes(4) + content).rstrip(b"=").decode()

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Raises Refusal."""
        try:
            whole = urlsafe_b64decode(text + "=" * (-len(text) % 4))
            if crc32(whole[4:]).to_bytes(4) != whole[:4]:
                raise ValueError
            ledger, epoch, begin, positions = json.loads(whole[4:])
        except ValueError:
            raise Refusal(
                "cursor_invalid",
                "this is not a cursor as the feed gave it; send `next` of an answer, unchanged",
            ) from None
        return cls(ledger, epoch, begin, dict(positions))

    @classmethod
    def joined(cls, texts: list[str]) -> Cursor:
        """One cursor of all that several cover: whoever got further counts. Raises Refusal."""
        first, *others = (cls.parse(text) for text in texts)
        positions = dict(first.positions)
        for other in others:
            if (other.ledger, other.epoch) != (first.ledger, first.epoch):
                raise Refusal("cursor_invalid", "the cursors are not of one ledger and epoch")
            for partition, position in other.positions.items():
                positions[partition] = max(position, positions.get(partition, 0))
        return cls(first.ledger, first.epoch, first.begin, positions)
