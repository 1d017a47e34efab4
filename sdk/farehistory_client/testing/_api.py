"""The fake's calls: what is answered to whom."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from farehistory_client._wire import PREFIX
from farehistory_client.testing import _feed_pages, _parameters, _readings
from farehistory_client.testing._cursors import Cursor
from farehistory_client.testing._fields import Wanted, Wrong, boolean, checked, names_refused, wanted_of
from farehistory_client.testing._ledger import Ledger, Recorded, partition_of
from farehistory_client.testing._problems import Broken, Refusal
from farehistory_client.testing._receipts import Receipts
from farehistory_client.testing._strict_json import flaws, parse

MOST_BYTES: Final = 256 * 1024
MOST_BYTES_OF_BATCH: Final = 2 * 1024 * 1024
MOST_ITEMS: Final = 1000
MOST_ITEMS_OF_ATOMIC: Final = 100
MOST_CURSORS: Final = 256
AS_OF_NOW: Final = {"consistency": "eventual", "min_version": 0}
"""What the parameters of the fare of now are where they are not given; so they may go with an as-of read."""


@dataclass(frozen=True, slots=True)
class Key:
    """Who calls, and what they may do."""

    source: str
    scopes: frozenset[str]
    components: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `path` is decoded."""

    method: str
    path: str
    parameters: Sequence[tuple[str, str]]
    content_type: str
    body: bytes
    key: Key
    request_id: str


@dataclass(frozen=True, slots=True)
class Success:
    """An answer that is none of a problem."""

    document: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    waits: float = 0.0
    """Seconds for which it is held back, as long as it would be the same."""


@dataclass(frozen=True, slots=True)
class Route:
    """An address of the API."""

    calls: Mapping[str, tuple[str, str]]
    """Of each method the scope that it needs and what answers it."""
    parts: Sequence[str]
    """Such as the booking's id."""


@dataclass(slots=True)
class Api:
    """The calls, on one ledger."""

    ledger: Ledger
    ledger_id: str = field(default_factory=lambda: str(uuid4()))
    epoch: int = 1
    receipts: Receipts = field(default_factory=Receipts)
    view: dict[str, int] | None = None
    """The versions that the view has of the bookings, where it does not follow the ledger."""
    withheld: set[tuple[int, int]] = field(default_factory=set)
    """Partitions and positions of events that the feed leaves out, which the platform's never does."""

    def answer(self, route: Route, call: Call) -> Success:
        """Raises Refusal."""
        if call.method not in route.calls:
            raise Refusal("method_not_allowed", f'Method "{call.method}" not allowed.')
        scope, name = route.calls[call.method]
        if scope not in call.key.scopes:
            raise Refusal("permission_denied", f"This needs an API key with the scope {scope}.")
        answered: Success = getattr(self, name)(call, *route.parts)
        return answered

    # Writing

    def append(self, call: Call, booking_id: str) -> Success:
        dry_run = _parameters.read(call.parameters, _parameters.OF_APPEND).get("dry_run") == "true"
        body = _body(call, MOST_BYTES)
        errors = flaws(body)
        if errors:
            raise Refusal.of("invalid_event", errors)
        wanted = wanted_of(body, booking_id)
        _require_component(call.key, wanted)
        event, is_replay = self.ledger.append(wanted, call.key.source, call.request_id, write=not dry_run)
        if dry_run:
            return Success(_readings.foreseen(self.ledger, booking_id, event, is_replay))
        headers = {"Location": f"/api/v1/fares/{booking_id}/events/{event.version}"}
        if is_replay:
            headers["Idempotent-Replayed"] = "true"
        return Success(event.document(), 200 if is_replay else 201, headers)

    def append_batch(self, call: Call) -> Success:
        _parameters.read(call.parameters, {})
        atomic, items = _batch(_body(call, MOST_BYTES_OF_BATCH))
        wanted = [self._wanted(item, call.key) for item in items]
        if atomic:
            refused = next(((i, each) for i, each in enumerate(wanted) if isinstance(each, Refusal)), None)
            if refused is not None:
                raise self._batch_refused(call, *refused)
        answers = self._append_each(call, wanted)
        if atomic:
            self._require_all(call, answers)
        results = [_item(call, each, index) for index, each in enumerate(answers)]
        statuses = [each["status"] for each in results]
        appended, replayed = statuses.count(201), statuses.count(200)
        return Success(
            {
                "appended": appended,
                "replayed": replayed,
                "refused": len(results) - appended - replayed,
                "items": results,
            }
        )

    def _wanted(self, item: Any, key: Key) -> Wanted | Refusal:
        try:
            errors = flaws(item)
            if errors:
                raise Refusal.of("invalid_event", errors)
            wanted = wanted_of(item)
            _require_component(key, wanted)
        except Refusal as refusal:
            return refusal
        return wanted

    def _append_each(
        self, call: Call, wanted: Sequence[Wanted | Refusal]
    ) -> list[tuple[Recorded, bool] | Refusal]:
        """Partition by partition, those of a booking in their order; answered in the order given."""
        answers: dict[int, tuple[Recorded, bool] | Refusal] = {}
        turns: dict[tuple[int, str], list[tuple[int, Wanted]]] = defaultdict(list)
        for index, each in enumerate(wanted):
            if isinstance(each, Refusal):
                answers[index] = each
            else:
                partition = partition_of(each.booking_id, self.ledger.partitions)
                turns[partition, each.booking_id].append((index, each))
        for _, turn in sorted(turns.items(), key=lambda each: each[0][0]):
            for index, each in turn:
                try:
                    answers[index] = self.ledger.append(each, call.key.source, call.request_id)
                except Refusal as refusal:
                    answers[index] = refusal
        return [answers[index] for index in range(len(wanted))]

    def _require_all(self, call: Call, answers: Sequence[tuple[Recorded, bool] | Refusal]) -> None:
        """Undoes all of them if one was refused. Raises Refusal."""
        refused = next(((i, each) for i, each in enumerate(answers) if isinstance(each, Refusal)), None)
        if refused is None:
            return
        written = [each[0] for each in answers if not isinstance(each, Refusal) and not each[1]]
        for event in sorted(written, key=lambda each: -each.position):
            self.ledger.undo(event)
        raise self._batch_refused(call, *refused)

    def _batch_refused(self, call: Call, index: int, refusal: Refusal) -> Refusal:
        problem = refusal.within(f"/items/{index}").document(call.path, call.request_id)
        return Refusal(
            "batch_refused",
            f"item {index} was refused, and nothing was written: {refusal.detail}",
            extra={"index": index, "problem": problem},
            of_status=refusal.status,
        )

    # Reading

    def fare(self, call: Call, booking_id: str) -> Success:
        given = _parameters.read(call.parameters, {**_parameters.OF_NOW, **_parameters.OF_THEN})
        then = {name: given.get(name) for name in _parameters.OF_THEN}
        if any(value is not None for value in then.values()):
            mixed = [
                Broken(
                    f"/{name}", "not_as_of", f"{name} is of the fare of now, and cannot go with an as-of read"
                )
                for name in _parameters.OF_NOW
                if given.get(name, AS_OF_NOW[name]) != AS_OF_NOW[name]
            ]
            if mixed:
                raise Refusal.of("invalid_parameter", mixed)
            return Success(_readings.past_fare(self.ledger.history(booking_id), **then))
        least = given.get("min_version", 0)
        history = self.ledger.history(booking_id)
        seen = len(history) if self.view is None else self.view.get(booking_id, 0)
        if given.get("consistency") != "strong" and seen and seen >= least:
            return Success(_readings.fare(history[:seen], "eventual"))
        if len(history) < least:
            detail = f"booking {booking_id} is at version {len(history)}, not yet at {least}"
            raise Refusal("unknown_event", detail)
        return Success(_readings.fare(history, "strong"))

    def history(self, call: Call, booking_id: str) -> Success:
        given = _parameters.read(call.parameters, _parameters.OF_HISTORY)
        after, limit = given.get("after_version", 0), given.get("limit", 100)
        history = self.ledger.history(booking_id)
        page = history[after : after + limit]
        following = str(page[-1].version) if after + limit < len(history) else None
        return Success({"results": [event.document() for event in page], "next": following})

    def event(self, call: Call, booking_id: str, version: str) -> Success:
        _parameters.read(call.parameters, {})
        if not re.fullmatch(r"[1-9][0-9]{0,9}", version):
            raise Refusal("unknown_event", f"booking {booking_id!a} can have no version {version!a}")
        return Success(_readings.event_of(self.ledger.history(booking_id), int(version)).document())

    def diff(self, call: Call, booking_id: str) -> Success:
        given = _parameters.read(call.parameters, _parameters.OF_DIFF)
        missing = [
            Broken(f"/{name}", "required", f"{name} is needed: a version or a time")
            for name in ("from", "to")
            if name not in given
        ]
        if missing:
            raise Refusal.of("invalid_parameter", missing)
        history = self.ledger.history(booking_id)
        return Success(_readings.diff(history, given["from"], given["to"], given.get("limit", 100)))

    def receipt(self, call: Call, booking_id: str) -> Success:
        given = _parameters.read(call.parameters, _parameters.of_receipt(booking_id))
        history = self.ledger.history(booking_id)
        if "number" in given:
            return Success(self.receipts.of_number(booking_id, given["number"]))
        return Success(self.receipts.of_head(history, self.ledger.clock()))

    def feed(self, call: Call) -> Success:
        given = _parameters.read(call.parameters, _parameters.of_feed(self.ledger.partitions))
        after, since = given.get("after"), given.get("from")
        if after is not None and since is not None:
            detail = "from says where a consumer begins, after where it reads on: give one of them"
            raise Refusal.of("invalid_parameter", [Broken("/from", "not_together", detail)])
        place: Cursor | datetime | str | None = since
        if after is not None:
            texts = after.split(",", MOST_CURSORS)
            if len(texts) > MOST_CURSORS:
                raise Refusal("cursor_invalid", f"at most {MOST_CURSORS} cursors are joined at once")
            place = after if after == "tail" else Cursor.joined(texts)
        limit = given.get("limit", 100)
        page = _feed_pages.page(
            self.ledger,
            self.ledger_id,
            self.epoch,
            place,
            partitions=given.get("partitions"),
            limit=limit,
            filters=_feed_pages.Filters(
                **{name: given.get(name) for name in ("component", "source", "type")}
            ),
            withheld=self.withheld,
        )
        examined = sum(each["upto"] - each["after"] for each in page["ranges"])
        # At another tail, what came meanwhile would be left out: our clients do not wait there, either.
        is_final = page["results"] or examined == limit or place == "tail"
        return Success(page, waits=0.0 if is_final else given.get("wait", 0))


_BOOKING: Final = r"fares/([^/]+)"
_ROUTES: Final[Sequence[tuple[re.Pattern[str], Mapping[str, tuple[str, str]]]]] = [
    (
        re.compile(f"{_BOOKING}/events"),
        {"GET": ("fares:read", "history"), "POST": ("fares:append", "append")},
    ),
    (re.compile(f"{_BOOKING}/events/([^/]+)"), {"GET": ("fares:read", "event")}),
    (re.compile(f"{_BOOKING}/diff"), {"GET": ("fares:read", "diff")}),
    (re.compile(f"{_BOOKING}/receipt"), {"GET": ("fares:read", "receipt")}),
    (re.compile(_BOOKING), {"GET": ("fares:read", "fare")}),
    (re.compile("events/batch"), {"POST": ("fares:append", "append_batch")}),
    (re.compile("events"), {"GET": ("feed:read", "feed")}),
]
"""Addresses below the API's root, and what `Route.calls` is of each."""


def route_of(path: str) -> Route:
    """Where a decoded path leads, in which a slash that was encoded is one like others. Raises Refusal."""
    for pattern, calls in _ROUTES:
        match = pattern.fullmatch(path.removeprefix(PREFIX))
        if match is not None:
            return Route(calls, match.groups())
    raise Refusal("not_found", "The API has no resource at this address.")


def _body(call: Call, most: int) -> Any:
    if not call.body:
        raise Refusal("malformed_body", "The body is empty; send one JSON object.")
    if call.content_type.partition(";")[0].strip().lower() != "application/json":
        raise Refusal("unsupported_media_type", f'Unsupported media type "{call.content_type}" in request.')
    if len(call.body) > most:
        raise Refusal("too_large", f"The body has more than {most // 1024} KiB.")
    return parse(call.body)


def _require_component(key: Key, wanted: Wanted) -> None:
    if key.components is None:
        return
    if wanted.component not in key.components:
        names = ", ".join(sorted(key.components))
        raise Refusal("permission_denied", f"This API key may write only: {names}.")
    if wanted.type == "SET" and wanted.expected_version != 0:
        raise Refusal(
            "permission_denied",
            "A SET replaces all components, and this API key may write only some: "
            "it may SET the first event of a booking, with expected_version 0.",
        )


def _batch(body: Any) -> tuple[bool, list[Any]]:
    """Whether it is atomic, and its items. Raises Refusal."""
    if not isinstance(body, dict):
        detail = "the body must be a JSON object, each key once"
        raise Refusal.of("invalid_batch", [Broken("", "not_an_object", detail)])
    errors = names_refused(body, _BATCH, ("items",), "a batch")
    values = checked({name: value for name, value in body.items() if name in _BATCH}, _BATCH, errors)
    if errors:
        raise Refusal.of("invalid_batch", errors)
    atomic: bool = values.get("atomic", False)
    items: list[Any] = values["items"]
    most = MOST_ITEMS_OF_ATOMIC if atomic else MOST_ITEMS
    if len(items) > most:
        what = "an atomic batch" if atomic else "a batch"
        detail = f"{len(items)} items are too many: {what} has at most {most}"
        raise Refusal.of("invalid_batch", [Broken("/items", "too_many_items", detail)])
    return atomic, items


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise Wrong("not_a_list", "must be a list of appends")
    return value


_BATCH: Final[Mapping[str, Callable[[Any], Any]]] = {"atomic": boolean, "items": _list}


def _item(call: Call, answer: tuple[Recorded, bool] | Refusal, index: int) -> dict[str, Any]:
    if isinstance(answer, Refusal):
        problem = answer.within(f"/items/{index}").document(call.path, call.request_id)
        return {"status": answer.status, "problem": problem}
    event, is_replay = answer
    return {"status": 200 if is_replay else 201, "event": event.document()}
