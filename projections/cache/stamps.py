"""The stamp that a cached fare must bear to be valid: which ledger, which rows of the view, which run of Redis.

What is durable of it (the era) is in PostgreSQL: raised in the transaction that changes rows without an event, as a
swap does. It is published to Redis after that, and again by every sweep and by every reader that misses.
"""

from __future__ import annotations

from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from django.conf import settings
from django.db import connection

from projections import sql
from projections.cache import link
from projections.fare import FORMAT


@dataclass(frozen=True, slots=True, order=True)
class Era:
    """What the view's rows are of. Within a ledger, a later era is greater."""

    ledger: str
    """The first 8 hexadecimal digits of its id."""
    epoch: int
    generation: int

    @classmethod
    def of(cls, ledger_id: str, epoch: int, generation: int) -> Era:
        return cls(ledger_id[:8], epoch, generation)


def era_of_view() -> Era:
    """The era that the view's rows are of now, as PostgreSQL says."""
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("era_of_fares"))
        return Era.of(*cursor.fetchone())


def key() -> str:
    return f"{settings.REDIS_PREFIX}fare-generation"


def current() -> bytes:
    """The stamp that entries must bear now. Raises RedisError."""
    published: Any = link.client().get(key())
    return in_force(published)


def in_force(published: bytes | None) -> bytes:
    """The stamp that entries must bear, from what is published; published first where it is missing or outdated.

    Whoever has just connected does not take it on trust: PostgreSQL may have been restored since it was published.
    """
    run = link.run()
    if link.is_new() or published is None or published.split(b":")[3].decode() != run:
        published = publish(era_of_view())
    return _with_format(published)


def for_rows_of(era: Era, stamp: bytes) -> bytes | None:
    """The stamp for rows that were read with this era; None if they are of an era that is over."""
    if era_of(stamp) != era:
        stamp = _with_format(publish(era))
    return stamp if era_of(stamp) == era else None


def publish(era: Era, *, renew: bool = False) -> bytes:
    """Makes the era known; answers what is published then, which may be a later one.

    `renew`: everything that is cached becomes invalid.
    """
    arguments: tuple[Any, ...] = (era.ledger, era.epoch, era.generation, link.run(), token_hex(3))
    answer: bytes = link.script("publish")(key(), *arguments, "1" if renew else "")
    return answer


def era_of(stamp: bytes) -> Era:
    ledger, epoch, generation, *_ = stamp.decode().split(":")
    return Era(ledger, int(epoch), int(generation))


def _with_format(published: bytes) -> bytes:
    return b"%b/%d" % (published, FORMAT)
