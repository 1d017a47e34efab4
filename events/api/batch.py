"""POST events/batch: many appends in one request, each for itself or all or none."""

from __future__ import annotations

from functools import cache
from typing import Any, Final, cast

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from events import field_checks as check
from events import ledger, strict_json
from events.api import batch_schema as schema
from events.api.endpoint import Endpoint, json_body
from events.api.key_components import require_may_append
from events.api.parameters import read_parameters
from events.api.representation import event_as_json
from events.errors import BatchRefused, FieldError, InvalidBatch, InvalidEvent, LedgerError
from events.event import Origin
from events.field_checks import Broken, Check, checked, names_refused
from events.ledger import Appended
from events.metadata import MAX_MEMBERS
from events.models import ApiKey
from events.new_event import NewEvent

Refused = LedgerError | PermissionDenied

MAX_MEMBERS_OF_ITEM: Final = MAX_MEMBERS + 100
"""Those of the largest metadata, and more than an append has fields: what is larger is not looked into."""


class Batch(Endpoint):
    """events/batch"""

    required_scopes = {"POST": "fares:append"}
    max_body = schema.MAX_BODY

    @staticmethod
    def parse_body(data: bytes) -> tuple[Any, bool]:
        """Leniently: one item with a NUL in its description must not take the others with it."""
        return strict_json.parse_leniently(data)

    @extend_schema(**schema.BATCH)
    def post(self, request: Request) -> Response:
        read_parameters(request, {})
        body, may_have_flaws = json_body(request)
        atomic, items = _batch(body)
        key = cast(ApiKey, request.auth)
        wanted = [_wanted(item, key, may_have_flaws) for item in items]
        call = {
            "source": key.source,
            "origin": Origin.API,
            "request_id": getattr(request, "request_id", None),
            "key_id": str(key.key_id),
        }
        return self._answer(_append_all(wanted, call) if atomic else _append_each(wanted, call))

    def _answer(self, answers: list[Appended | Refused]) -> Response:
        # What the ledger did not answer is one error for many items.
        problem_of = cache(self._problem)
        items = [
            _accepted(answer) if isinstance(answer, Appended) else problem_of(answer) for answer in answers
        ]
        statuses = [item["status"] for item in items]
        appended, replayed = statuses.count(201), statuses.count(200)
        refused = len(items) - appended - replayed
        return Response({"appended": appended, "replayed": replayed, "refused": refused, "items": items})

    def _problem(self, refused: Refused) -> dict[str, Any]:
        """The problem that the item alone would have been answered, made by what makes it then."""
        answer = self.get_exception_handler()(refused, self.get_exception_handler_context())
        if answer is None:
            raise refused
        return {"status": answer.status_code, "problem": msgspec.Raw(answer.content)}


def _accepted(answer: Appended) -> dict[str, Any]:
    return {"status": 200 if answer.replayed else 201, "event": event_as_json(answer.event)}


def _batch(body: object) -> tuple[bool, list[Any]]:
    """Whether it is atomic, and its items. Raises InvalidBatch."""
    if not isinstance(body, dict):
        raise _invalid([FieldError("", "not_an_object", "the body must be a JSON object, each key once")])
    values, wrong = checked({name: value for name, value in body.items() if name in _CHECKS}, _CHECKS)
    errors = [*names_refused(body, _CHECKS, ("items",), "a batch"), *wrong]
    if errors:
        raise _invalid(errors)
    atomic, items = values.get("atomic", False), values["items"]
    most = schema.MAX_ATOMIC if atomic else schema.MAX_ITEMS
    if len(items) > most:
        detail = f"{len(items)} items are too many: {'an atomic batch' if atomic else 'a batch'} has at most {most}"
        raise _invalid([FieldError("/items", "too_many_items", detail)])
    return atomic, items


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise Broken("not_a_list", "must be a list of appends")
    return value


_CHECKS: Final[dict[str, Check]] = {"atomic": check.boolean, "items": _list}


def _invalid(errors: list[FieldError]) -> InvalidBatch:
    return InvalidBatch("; ".join(error.detail for error in errors), errors)


def _wanted(item: object, key: ApiKey, may_have_flaws: bool) -> NewEvent | Refused:
    """The event that an item asks for, or why it cannot be asked of the ledger."""
    try:
        if strict_json.has_more_members_than(item, MAX_MEMBERS_OF_ITEM):
            detail = f"an item has at most {MAX_MEMBERS_OF_ITEM} values"
            raise InvalidEvent.at("", "too_large", detail)
        errors = strict_json.flaws(item) if may_have_flaws else []
        if errors:
            raise InvalidEvent.of(errors)
        event = NewEvent.from_json(item)
        require_may_append(key, event)
    except (InvalidEvent, PermissionDenied) as refused:
        return refused
    return event


def _append_each(wanted: list[NewEvent | Refused], call: dict[str, Any]) -> list[Appended | Refused]:
    """An answer for each, in their order."""
    answers: dict[int, Appended | Refused] = {}
    events: dict[int, NewEvent] = {}
    for index, each in enumerate(wanted):
        if isinstance(each, NewEvent):
            events[index] = each
        else:
            answers[index] = each
    answers.update(zip(events, ledger.append_many(list(events.values()), **call), strict=True))
    for index, answer in answers.items():
        _place(answer, index)
    return [answers[index] for index in range(len(wanted))]


def _append_all(wanted: list[NewEvent | Refused], call: dict[str, Any]) -> list[Appended | Refused]:
    """All, in their order. Raises BatchRefused: with the first that cannot be asked for, else with the ledger's."""
    events: list[NewEvent] = []
    try:
        for index, each in enumerate(wanted):
            if not isinstance(each, NewEvent):
                raise BatchRefused(index, each)
            events.append(each)
        return [*ledger.append_all(events, **call)]
    except BatchRefused as refused:
        _place(refused.cause, refused.index)
        raise


def _place(answer: object, index: int) -> None:
    """Makes the pointers of a refusal lead into the batch."""
    if isinstance(answer, LedgerError):
        answer.errors = [
            FieldError(f"/items/{index}{error.pointer}", error.code, error.detail) for error in answer.errors
        ]
