"""Junk in the path and the query: a problem with the right code, never a redirect, a page or a 500."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.api_client import Api, assert_problem, new_event, pointers
from tests.builders import given, set_

IMPOSSIBLE_IDS = [
    "%00", "a%00", "%0A", "BK-1%0A", "a%20b", "%20", "-BK", ".", "..", "_a", "%C3%BC", "%F0%9F%9A%95",
    "%FF", "%C3", "%ED%A0%80",
    "%25", "%2500", "a'b", "a%22b", "a;b", "a%3Fb", "a%23b", "%EF%BC%91", "a" * 65, "a" * 5000,
    "%0d%0aX-Evil:1", "%",
]  # fmt: skip


@pytest.mark.parametrize("booking_id", IMPOSSIBLE_IDS)
def test_an_impossible_booking_id_is_refused_on_writing_and_unknown_on_reading(
    api: Api, booking_id: str
) -> None:
    written = api.post(f"fares/{booking_id}/events", new_event())
    problem = assert_problem(written, 422, "invalid_event")
    assert pointers(problem) == ["/booking_id"]
    assert_problem(api.get(f"fares/{booking_id}/events"), 404, "unknown_booking")
    assert_problem(api.get(f"fares/{booking_id}/events/1"), 404, "unknown_booking")
    for query in ("", "?consistency=strong"):
        assert_problem(api.get(f"fares/{booking_id}{query}"), 404, "unknown_booking")


@pytest.mark.parametrize(
    "path",
    [
        "", "fares", "fares/", "fares//events", "fares/a%2Fb/events", "fares/BK-1/", "fares/BK-1/events/",
        "fares/BK-1/event",
        "fares/BK-1/events/1/", "fares/BK-1/events/1/2", "fares/%2F", "nothing", "%00", "%FF",
        "../../admin", "a" * 3000,
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_an_address_that_is_none_is_a_problem_and_not_a_redirect(api: Api, method: str, path: str) -> None:
    assert_problem(api.request(method, f"/api/v1/{path}", b"{}"), 404, "not_found")


@pytest.mark.parametrize(
    "version", ["0", "-1", "01", "abc", "1.0", "%EF%BC%91", "%00", str(2**31), str(2**63), "9" * 5000]
)
def test_an_impossible_version_is_an_unknown_event(api: Api, version: str) -> None:
    booking = given(set_("1.00"))
    assert_problem(api.get(f"fares/{booking}/events/{version}"), 404, "unknown_event")


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("events?limit=0", "/limit"), ("events?limit=501", "/limit"), ("events?limit=-1", "/limit"),
        ("events?limit=", "/limit"), ("events?limit=%EF%BC%91", "/limit"), ("events?limit=1_0", "/limit"),
        ("events?limit=%201", "/limit"), ("events?limit=1.0", "/limit"), ("events?limit=1&limit=1", "/limit"),
        ("events?limit=" + "9" * 5000, "/limit"), ("events?limit=1%00", "/limit"),
        ("events?limit=%FF", "/limit"),
        ("events?after_version=-1", "/after_version"), (f"events?after_version={2**31}", "/after_version"),
        ("events?after_version=9223372036854775808", "/after_version"),
        ("events?after_version=x", "/after_version"), ("events?after_version=01", "/after_version"),
        ("events?page=1", "/page"), ("events?Limit=1", "/Limit"), ("events?%00=1", "/\0"),
        ("events?a%2Fb~=1", "/a~1b~0"),
        ("events?format=json", "/format"), ("events/1?verbose=1", "/verbose"),
        ("?consistency=weak", "/consistency"), ("?consistency=", "/consistency"),
        ("?consistency=STRONG", "/consistency"),
        ("?consistency=strong&consistency=strong", "/consistency"), ("?min_version=-1", "/min_version"),
        ("?min_version=1e3", "/min_version"), (f"?min_version={2**63}", "/min_version"),
        ("?version=x", "/version"), ("?version=0", "/version"), ("?revision=1", "/revision"),
        ("?recorded_before=now", "/recorded_before"), ("?format=api", "/format"),
    ],
)  # fmt: skip
def test_a_parameter_that_is_unknown_repeated_or_bad_is_named(api: Api, path: str, pointer: str) -> None:
    booking = given(set_("1.00"))
    slash = "" if path.startswith("?") else "/"
    problem = assert_problem(api.get(f"fares/{booking}{slash}{path}"), 400, "invalid_parameter")
    assert pointers(problem) == [pointer]


def test_every_bad_parameter_is_named_at_once(api: Api) -> None:
    problem = assert_problem(
        api.get("fares/BK-1/events?limit=0&page=2&after_version=x"), 400, "invalid_parameter"
    )
    assert sorted(pointers(problem)) == ["/after_version", "/limit", "/page"]


def test_thousands_of_parameters_are_refused(api: Api) -> None:
    query = "&".join(f"p{i}=1" for i in range(5000))
    assert_problem(api.get(f"fares/BK-1?{query}"), 400, "bad_request")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "BREW"])
@pytest.mark.parametrize(
    ("path", "allowed"),
    [("fares/BK-1/events", "GET, POST"), ("fares/BK-1/events/1", "GET"), ("fares/BK-1", "GET")],
)
def test_a_method_that_is_not_allowed_is_told_which_are(
    api: Api, method: str, path: str, allowed: str
) -> None:
    answer = api.request(method, f"/api/v1/{path}", new_event())
    assert_problem(answer, 405, "method_not_allowed")
    assert set(answer["Allow"].split(", ")) == {*allowed.split(", "), "HEAD", "OPTIONS"}


def test_options_lists_the_methods(api: Api) -> None:
    answer = api.request("OPTIONS", "/api/v1/fares/BK-1/events")
    assert (answer.status_code, answer.content) == (204, b"")
    assert set(answer["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_head_is_get_without_a_body(api: Api) -> None:
    booking = given(set_("1.00"))
    answer = api.request("HEAD", f"/api/v1/fares/{booking}/events")
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, b"", "application/json")
    assert api.request("HEAD", "/api/v1/fares/unknown").status_code == 404


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "application/xml",
        "image/*",
        "text/html;q=0.9",
        "junk",
        "application/json;q=0",
        "application/problem+json",
    ],
)
def test_what_can_only_be_had_as_json_is_not_had_otherwise(api: Api, accept: str) -> None:
    answer = api.get("fares/BK-1", Accept=accept)
    assert_problem(answer, 406, "not_acceptable")
    assert "RateLimit" in answer  # it counts
    stranger = Client().get("/api/v1/fares/BK-1", headers={"Accept": accept})
    assert_problem(stranger, 401, "not_authenticated")


@pytest.mark.parametrize(
    "accept",
    ["*/*", "application/json", "text/html, */*;q=0.1", "application/*", "application/json;q", "a,*/*;;", ""],
)
def test_whoever_takes_json_is_answered(api: Api, accept: str) -> None:
    assert_problem(api.get("fares/BK-unknown", Accept=accept), 404, "unknown_booking")
