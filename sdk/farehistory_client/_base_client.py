"""What both clients have: the calls, as steps, and how a following of the feed begins."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from math import isfinite
from typing import Final

from farehistory_client._calls import Calls
from farehistory_client._codecs import Codecs
from farehistory_client._feed import Following
from farehistory_client._retry import Retries

TIMEOUT: Final = 5.0
AGENT: Final = "farehistory-client/1.0"
UPDATES: Final = 10


class BaseClient:
    def __init__(
        self,
        base_url: str,
        *,
        timeout: float,
        retries: Retries | None,
        codecs: Codecs | None,
        http: object,
        sends: str,
    ) -> None:
        """`sends`: the method that makes `http`, if it is given, a transport of this kind of client."""
        if not (isfinite(timeout) and timeout > 0):
            raise ValueError(f"a time limit of {timeout} s is none")
        if http is not None and not callable(getattr(http, sends, None)):
            raise TypeError(f"http is a transport of httpx's that has {sends}, not {http!r}")
        self._base_url = base_url
        self._calls = Calls(timeout, retries or Retries(), codecs or Codecs())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._base_url}>"  # never the key

    def _following(
        self,
        *,
        after: str | None,
        since: datetime | None,
        partitions: str | None,
        component: Iterable[str],
        source: Iterable[str],
        type: Iterable[str],
        limit: int,
        wait: int,
        until_caught_up: bool,
    ) -> Following:
        given = {"component": component, "source": source, "type": type}
        filters = {name: _values(name, values) for name, values in given.items()}
        return Following(
            self._calls,
            after=after,
            since=since,
            partitions=partitions,
            filters={name: values for name, values in filters.items() if values},
            limit=limit,
            wait=wait,
            until_caught_up=until_caught_up,
        )


def _values(name: str, given: Iterable[str]) -> tuple[str, ...]:
    if isinstance(given, str):
        raise TypeError(f"{name} is several values, such as ({given!r},), and no string")
    return tuple(given)
