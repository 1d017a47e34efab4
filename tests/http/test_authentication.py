"""Who may call: keys, their scopes, and what happens to everybody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from events import api_keys
from tests.api_client import Api, assert_nothing_written, assert_problem, new_event
from tests.builders import new_booking_id

PATHS = ["fares/BK-1/events", "fares/BK-1/events/1", "fares/BK-1"]


@pytest.mark.parametrize("path", PATHS)
def test_without_a_key_nothing_is_read(path: str) -> None:
    answer = Api().get(path)
    assert_problem(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"] == 'Bearer realm="fare history"'


def test_without_a_key_nothing_is_written() -> None:
    booking = new_booking_id()
    assert_problem(Api().post(f"fares/{booking}/events", new_event()), 401, "not_authenticated")
    assert_nothing_written(booking)


@pytest.mark.parametrize(
    "header",
    [
        "Basic cHJpY2luZzpzZWNyZXQ=",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Token {key}",
        "{key}",
        "Bearer {key} ",
        "Bearer {key}x",
        "Bearer {key}, Bearer {key}",
        "Bearer {KEY}",
        "Bearer fh_0000000000000000_" + "A" * 43,
        "Bearer " + "A" * 10_240,
        "A" * 10_240,
        "Bearer \u00fc\u00fc",
        "Bearer \u0000",
        "Bearer fh_\u0661234567890abcdef_" + "A" * 43,
        "\u00e9",
        "\t",
    ],
)
def test_what_is_no_key_is_not_authenticated(api: Api, header: str) -> None:
    assert api.key is not None
    header = header.replace("{key}", api.key).replace("{KEY}", api.key.upper())
    answer = api.get("fares/BK-1", Authorization=header)
    assert_problem(answer, 401, "not_authenticated")
    told = 'error="invalid_token"' in answer["WWW-Authenticate"]
    assert told == (header.lower().split(" ")[0] == "bearer")
    assert api.key.encode() not in answer.content


@pytest.mark.parametrize("written", ["bearer {}", "BEARER {}", "Bearer   {}"])
def test_the_scheme_may_be_written_in_any_case_with_any_space_after_it(api: Api, written: str) -> None:
    assert api.get("fares/unknown", Authorization=written.format(api.key)).status_code == 404


def test_a_revoked_key_is_refused_at_once() -> None:
    key, text = api_keys.create("pricing", ["fares:read"])
    api = Api(text)
    assert api.get("fares/unknown").status_code == 404
    assert api_keys.revoke(key)
    assert_problem(api.get("fares/unknown"), 401, "not_authenticated")


def test_a_key_that_has_expired_is_refused() -> None:
    past = timezone.now() - timedelta(seconds=1)
    assert_problem(Api.of("pricing", expires_at=past).get("fares/unknown"), 401, "not_authenticated")
    ahead = timezone.now() + timedelta(minutes=1)
    assert Api.of("pricing", expires_at=ahead).get("fares/unknown").status_code == 404


def test_a_key_remembers_that_it_was_used() -> None:
    key, text = api_keys.create("pricing", ["fares:read"])
    Api(text).get("fares/unknown")
    key.refresh_from_db()
    assert key.last_used_at is not None
    assert timezone.now() - key.last_used_at < timedelta(seconds=10)


@pytest.mark.parametrize("path", PATHS)
def test_reading_needs_the_scope_to_read(path: str) -> None:
    for method in ("GET", "HEAD"):
        answer = Api.of("pricing", "fares:append", "ops").request(method, f"/api/v1/{path}")
        assert answer.status_code == 403
    problem = assert_problem(Api.of("pricing", "fares:append").get(path), 403, "permission_denied")
    assert "fares:read" in problem["detail"]


def test_appending_needs_the_scope_to_append() -> None:
    booking = new_booking_id()
    api = Api.of("pricing", "fares:read", "feed:read", "fares:correct")
    problem = assert_problem(api.append(booking), 403, "permission_denied")
    assert "fares:append" in problem["detail"]
    assert_nothing_written(booking)


def test_a_key_is_asked_for_before_anything_is_said_about_the_request() -> None:
    assert_problem(
        Api().post("fares/%00/events?x=1", b"{", Content_Type="text/plain"), 401, "not_authenticated"
    )


def test_a_session_of_the_admin_is_no_key(django_user_model: type) -> None:
    api = Api()
    user, _ = django_user_model.objects.get_or_create(username="api-test", is_staff=True, is_superuser=True)
    api.client.force_login(user)
    assert_problem(api.get("fares/BK-1"), 401, "not_authenticated")
