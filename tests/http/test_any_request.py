"""Whatever the OpenAPI document lets one send, and what it does not: answered, and only as the document says.

The calls are taken from the document, so that a new one is tried without a change here.
"""

from __future__ import annotations

import os
from random import SystemRandom
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from events import api_keys
from events.models import ApiKey
from farehistory.http.request_bodies import ChunkedBodies
from tests.api_client import Api
from tests.builders import add, set_
from tests.builders import given as given_booking
from tests.events.corrections.desk import contra, toll_charged_twice, waiting
from tests.http.contract import document
from tests.staff import staff

TRUE_TO_THE_DOCUMENT: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def without_security() -> dict[str, Any]:
    """The document without the key: each test sends its own, so a missing one is no flaw of a request."""
    whole = document()
    for methods in whole["paths"].values():
        for operation in methods.values():
            del operation["security"]
    return whole


SCHEMA = schemathesis.openapi.from_dict(without_security())
SCHEMA.app = ChunkedBodies(get_wsgi_application())  # as in farehistory.wsgi, whose import asks the database
OPERATIONS = {
    result.ok().definition.raw["operationId"]: result.ok() for result in SCHEMA.get_all_operations()
}
JUDGES_EACH_ITEM = ("append_batch",)
"""Of what is wrong with one item it tells in that item's place, in an answer of 200."""
MODES = {"as it says": GenerationMode.POSITIVE, "otherwise": GenerationMode.NEGATIVE}

SHORT = settings(
    max_examples=8,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
LONG = settings(SHORT, max_examples=400, derandomize=False)


@pytest.fixture(scope="module")
def no_scope(django_db_setup: None) -> str:
    """A key with no scope that any call here asks for: one is taken away after it was made."""
    made, text = api_keys.create("pricing", ["ops"])
    ApiKey.objects.filter(pk=made.pk).update(scopes=[])
    return text


@pytest.fixture(scope="module")
def key(django_db_setup: None) -> str:
    """A key that may do everything, of a person who may."""
    return Api.of("pricing", *api_keys.SCOPES, user_id=staff("lead").pk).key or ""


@pytest.fixture(scope="module")
def known(django_db_setup: None) -> dict[str, list[str]]:
    """What is there already, by the name of the parameter in an address: else most answers were 404."""
    booking = given_booking(set_("14.00"), add("toll", "5.00"))
    correction = waiting(contra(toll_charged_twice()))
    return {"booking_id": [booking], "id": [str(correction.pk)], "version": ["1"]}


def cases(operation_id: str, mode: GenerationMode, known: dict[str, list[str]]) -> st.SearchStrategy[Case]:
    """Requests of the call, half of them on what is there."""
    operation = OPERATIONS[operation_id]
    names = {parameter.name for parameter in operation.path_parameters}
    anywhere = operation.as_strategy(mode)
    if not names:
        return anywhere
    there = {name: known[name][0] for name in names}
    return st.one_of(anywhere, operation.as_strategy(mode, path_parameters=there))


def answered(case: Case, key: str | None, *more: CheckFunction) -> Any:
    """The answer to a request; fails if it is not what the document says."""
    # A long poll is a test of its own; here it would only take its time.
    if case.query and str(case.query.get("wait", "")) in {str(second) for second in range(1, 31)}:
        case.query["wait"] = "0"
    answer = case.call(headers={} if key is None else {"Authorization": f"Bearer {key}"})
    case.validate_response(answer, checks=[*TRUE_TO_THE_DOCUMENT, *more])
    return answer


def try_requests(
    operation_id: str, mode: str, key: str, known: dict[str, list[str]], how: settings, start: int | None
) -> None:
    @how
    @given(case=cases(operation_id, MODES[mode], known))
    def tried(case: Case) -> None:
        answered(case, key, *([] if operation_id in JUDGES_EACH_ITEM else [negative_data_rejection]))

    (tried if start is None else seed(start)(tried))()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_any_request_is_answered_as_the_document_says(
    operation_id: str, mode: str, key: str, known: dict[str, list[str]]
) -> None:
    try_requests(operation_id, mode, key, known, SHORT, None)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_any_of_many_requests_is_answered_as_the_document_says(
    operation_id: str, mode: str, key: str, known: dict[str, list[str]]
) -> None:
    """With another seed every time; FAREHISTORY_TEST_SEED repeats one that failed."""
    start = int(os.environ.get("FAREHISTORY_TEST_SEED") or SystemRandom().randrange(2**32))
    print(f"FAREHISTORY_TEST_SEED={start}")  # noqa: T201 -- pytest shows it of a test that fails
    try_requests(operation_id, mode, key, known, LONG, start)


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_a_request_without_a_key_in_force_or_without_its_scope_is_refused_whatever_it_asks(
    operation_id: str, no_scope: str, known: dict[str, list[str]]
) -> None:
    @settings(SHORT, max_examples=3)
    @given(case=cases(operation_id, GenerationMode.POSITIVE, known))
    def tried(case: Case) -> None:
        for key, status, code in (
            (None, 401, "not_authenticated"),
            ("fh_0000000000000000_" + "A" * 43, 401, "not_authenticated"),
            (no_scope, 403, "permission_denied"),
        ):
            answer = answered(case, key)
            assert (answer.status_code, answer.json()["code"]) == (status, code)

    tried()
