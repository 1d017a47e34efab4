"""The two steps that Redis must take as one. Each is told what its caller saw, and does nothing if that changed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

from projections.streams.connection import client

_SCRIPTS: Final = Path(__file__).parent.parent / "lua"


def append(key: str, after: int, events: list[bytes]) -> tuple[int, int]:
    """Adds what the stream lacks of the events at after + 1, after + 2 …, all or none.

    Answers its last position before, -1 where there is no stream, and its length after. Nothing was added if it
    ended before `after`. Raises RedisError.
    """
    last, length = _script("append_events")(keys=[key], args=[after, *events])
    return int(last), int(length)


def begin(key: str, *, seen: str, after: str, groups: dict[str, str]) -> bool:
    """Makes the stream anew, empty, if its last id is still the one seen; answers whether it did.

    `groups`: those that it is to have, each with the last id that it has read. Raises RedisError.
    """
    pairs = [part for pair in groups.items() for part in pair]
    return bool(_script("begin_stream")(keys=[key], args=[seen, after, *pairs]))


@cache
def _script(name: str) -> Any:
    return client().register_script((_SCRIPTS / f"{name}.lua").read_text(encoding="utf-8"))
