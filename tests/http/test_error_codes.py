"""Every error code is explained: in docs/errors.md, on a page of its own, in JSON and for people."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import get_args

import pytest
from django.conf import settings

from events.field_codes import FIELD_CODES, FieldCode
from farehistory.http.error_reference import error_reference
from farehistory.http.problem_codes import PROBLEMS, Problem, Retry
from tests.api_client import Api, assert_problem

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize("code", PROBLEMS)
def test_a_code_says_what_it_means_when_it_comes_and_what_to_do(code: str) -> None:
    problem = PROBLEMS[code]
    assert all(HTTPStatus(status) >= 400 for status in problem.statuses)
    assert problem.title and problem.when and problem.advice and problem.example
    assert problem.retry_after is None or problem.retry is Retry.LATER


@pytest.mark.parametrize("code", PROBLEMS)
def test_the_type_of_a_problem_leads_to_its_page(code: str) -> None:
    page = Api().request("GET", f"/api/problems/{code}")
    assert (page.status_code, page["Content-Type"]) == (200, "application/json")
    assert page.json()["advice"] == PROBLEMS[code].advice
    seen = Api().request("GET", f"/api/problems/{code}", Accept=BROWSER)
    assert (seen.status_code, seen["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert f"<h1>{PROBLEMS[code].title}</h1>" in seen.content.decode()


def test_all_codes_are_listed_with_all_field_codes() -> None:
    listed = Api().request("GET", "/api/problems").json()["results"]
    assert [each["code"] for each in listed] == list(PROBLEMS)
    page = Api().request("GET", "/api/problems", Accept=BROWSER).content.decode()
    assert all(f"<code>{code}</code>" in page for code in (*PROBLEMS, *FIELD_CODES))


def test_a_code_that_is_none_has_no_page() -> None:
    for accept in ("*/*", BROWSER):
        assert_problem(Api().request("GET", "/api/problems/nothing", Accept=accept), 404, "not_found")


def test_the_reference_stands_in_the_order_of_statuses() -> None:
    statuses = [problem.status for problem in PROBLEMS.values()]
    assert statuses == sorted(statuses)


def test_a_code_with_several_statuses_is_told_with_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = Problem(
        status=409, other_statuses=(422,), title="Refused", when="x", advice="x", example="x"
    )  # fmt: skip
    monkeypatch.setitem(PROBLEMS, "invalid_event", refused)
    assert "| [`invalid_event`](#invalid_event) | 409, 422 | Refused | never |" in error_reference()


def test_the_codes_of_fields_are_the_list_that_the_checks_are_held_to() -> None:
    assert set(FIELD_CODES) == set(get_args(FieldCode))


@pytest.mark.parametrize("code", FIELD_CODES)
def test_a_field_code_that_is_listed_is_in_use(code: str) -> None:
    """mypy holds the checks to the list; that nothing stale stands in it is seen in the code."""
    sources = (
        path for app in ("events", "projections") for path in Path(settings.BASE_DIR, app).rglob("*.py")
    )
    assert any(f'"{code}"' in path.read_text() for path in sources if path.name != "field_codes.py")


@pytest.mark.parametrize("path", ["/api/problems", "/api/problems/unavailable", "/api/schema", "/api/docs"])
def test_a_page_without_a_key_is_only_read(path: str) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "BREW"):
        answer = Api().request(method, path)
        assert_problem(answer, 405, "method_not_allowed")
        assert answer["Allow"] == "GET, HEAD, OPTIONS"
    options = Api().request("OPTIONS", path)
    assert (options.status_code, options.content) == (204, b"")
    assert Api().request("HEAD", path).status_code == 200
    assert_problem(Api().request("GET", f"{path}?x=1"), 400, "invalid_parameter")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/api", "/api/problems/", "/api/schema/", "/api//docs"])
def test_an_address_with_a_slash_too_many_or_too_few_is_a_problem(method: str, path: str) -> None:
    assert_problem(Api().request(method, path), 404, "not_found")
