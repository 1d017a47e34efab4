"""Corrections over HTTP: proposed, looked at and decided by the person whose key it is, by the admin's own rules."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from events import corrections, strict_json
from events import field_checks as check
from events.api import correction_schema as schema
from events.api.correction_json import correction_as_json, preview_as_json, review_as_json
from events.api.endpoint import Endpoint, json_body
from events.api.key_components import require_may_correct
from events.api.key_holder import key_holder
from events.api.parameters import one_of, read_parameters, whole_number
from events.corrections import Proposal, State, audited, people, queue
from events.corrections.keeping import known
from events.corrections.models import Correction
from events.errors import InvalidCorrection, InvalidEvent, TransactionIdReused, UnknownCorrection
from events.field_checks import BOOKING_ID, Check, checked, names_refused
from events.models import ApiKey

if TYPE_CHECKING:
    from django.contrib.auth.models import User

DEFAULT_LIMIT: Final = 50

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _booking_id(text: str) -> str:
    if not BOOKING_ID.fullmatch(text):
        raise ValueError("must be a booking id")
    return text


def _cursor(text: str) -> str:
    queue.place(text)
    return text


_PARAMETERS: Final = {
    "booking_id": _booking_id,
    "state": one_of(*State.values),
    "after": _cursor,
    "limit": whole_number(1, queue.MAX_PAGE),
}


class _CorrectionEndpoint(Endpoint):
    """A URL of corrections."""

    @staticmethod
    def parse_body(data: bytes) -> Any:
        """What an event's body may not have, a correction's may not either."""
        try:
            return strict_json.parse(data)
        except InvalidEvent as invalid:
            raise InvalidCorrection.of(invalid.errors) from None


class Corrections(_CorrectionEndpoint):
    """corrections"""

    required_scopes = {"GET": "fares:correct", "POST": "fares:correct"}

    @extend_schema(**schema.LIST)
    def get(self, request: Request) -> Response:
        given = read_parameters(request, _PARAMETERS)
        people.require(key_holder(request), people.VIEW)
        page = queue.page(**{"limit": DEFAULT_LIMIT, **given})
        results = [correction_as_json(correction) for correction in page.results]
        return Response({"results": results, "next": page.next})

    @extend_schema(**schema.PROPOSE)
    def post(self, request: Request) -> Response:
        dry_run = read_parameters(request, {"dry_run": one_of("true", "false")}).get("dry_run") == "true"
        person = key_holder(request)
        people.require(person, people.PROPOSE)
        proposal = Proposal.from_json(json_body(request))
        require_may_correct(_key(request), proposal)
        if dry_run:
            kept = _kept_before(proposal, person)
            if kept is None:
                return Response(preview_as_json(corrections.preview(proposal, by=person)))
            return _answer(request, kept, replayed=True)
        was_known = known(cast(UUID, proposal.id)) is not None
        key_id = str(_key(request).key_id)
        correction = audited.propose(proposal, by=person, request=request, key_id=key_id)
        return _answer(request, correction, replayed=was_known)


def _answer(request: Request, correction: Correction, *, replayed: bool) -> Response:
    response = Response(correction_as_json(correction), status=200 if replayed else 201)
    response["Location"] = f"{request.path}/{correction.pk}"
    if replayed:
        response["Idempotent-Replayed"] = "true"
    return response


def _kept_before(proposal: Proposal, by: User) -> Correction | None:
    """What a retry would answer. An id that is another correction's is for the preview to refuse."""
    with suppress(TransactionIdReused):
        return corrections.made_before(proposal, by)
    return None


class OneCorrection(Endpoint):
    """corrections/{id}"""

    required_scopes = {"GET": "fares:correct"}

    @extend_schema(**schema.ONE)
    def get(self, request: Request, id: str) -> Response:
        read_parameters(request, {})
        people.require(key_holder(request), people.VIEW)
        correction = corrections.get(_id(id))
        review = corrections.review(correction) if correction.state == State.PROPOSED else None
        return Response(
            {
                **correction_as_json(correction),
                "customer_text": corrections.customer_text(correction),
                "review": None if review is None else review_as_json(review),
            }
        )


class _Decision(_CorrectionEndpoint):
    """A call that decides on one correction."""

    required_scopes = {"POST": "fares:correct"}
    checks: ClassVar[dict[str, Check]] = {"reason": check.string}
    required: ClassVar[tuple[str, ...]] = ("reason",)
    decide: ClassVar[Callable[..., Correction]]

    def _decided(self, request: Request, id: str) -> Response:
        read_parameters(request, {})
        person = key_holder(request)
        given = _decision(json_body(request), self.checks, self.required)
        more = self._more(_key(request), _id(id))
        correction = type(self).decide(_id(id), by=person, request=request, **given, **more)
        return Response(correction_as_json(correction))

    def _more(self, key: ApiKey, id: UUID) -> dict[str, Any]:
        """What `decide` takes besides. Raises PermissionDenied if the key may not decide so."""
        return {}


class Approval(_Decision):
    """corrections/{id}/approve"""

    checks = {"seen_version": check.whole_number(1, check.MAX_VERSION), "reason": check.string}
    required = ("seen_version",)
    decide = staticmethod(audited.approve)

    @extend_schema(**schema.APPROVE)
    def post(self, request: Request, id: str) -> Response:
        return self._decided(request, id)

    def _more(self, key: ApiKey, id: UUID) -> dict[str, Any]:
        require_may_correct(key, corrections.get(id))
        return {"key_id": str(key.key_id)}


class Rejection(_Decision):
    """corrections/{id}/reject"""

    decide = staticmethod(audited.reject)

    @extend_schema(**schema.REJECT)
    def post(self, request: Request, id: str) -> Response:
        return self._decided(request, id)


class Withdrawal(_Decision):
    """corrections/{id}/withdraw"""

    decide = staticmethod(audited.withdraw)

    @extend_schema(**schema.WITHDRAW)
    def post(self, request: Request, id: str) -> Response:
        return self._decided(request, id)


def _decision(body: object, checks: dict[str, Check], required: tuple[str, ...]) -> dict[str, Any]:
    """The fields of a decision's body. Raises InvalidCorrection naming all that is wrong."""
    if not isinstance(body, dict):
        raise InvalidCorrection.at("", "not_an_object", "the body must be a JSON object")
    values, wrong = checked({name: value for name, value in body.items() if name in checks}, checks)
    errors = [*names_refused(body, checks, required, "a decision"), *wrong]
    if errors:
        raise InvalidCorrection.of(errors)
    return values


def _id(text: str) -> UUID:
    if not _UUID.fullmatch(text):
        raise UnknownCorrection(f"no correction can have the id {text[:60]!a}")
    return UUID(text)


def _key(request: Request) -> ApiKey:
    return cast(ApiKey, request.auth)
