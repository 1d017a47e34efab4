"""What a page may load and do in a browser, and what else its headers say."""

from __future__ import annotations

import pytest
from django.test import Client

from projections.receipts import issue
from tests.api_client import Api
from tests.builders import given, set_
from tests.staff import signed_in

STRICT = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"


def policy(answer: object) -> dict[str, list[str]]:
    """Directive → sources."""
    text = answer["Content-Security-Policy"]  # type: ignore[index]
    parts = (part.split() for part in text.split(";"))
    return {name: sources for name, *sources in parts}


@pytest.fixture(scope="module")
def booking() -> str:
    booking = given(set_("14.00"))
    issue(booking)
    return booking


@pytest.mark.parametrize(
    "address",
    [
        "/nothing",
        "/api/v1/fares/BK-1",
        "/api/v1/nothing",
        "/api/schema",
        "/api/problems/unavailable",
        "/health/live",
        "/static/farehistory/fares.css",
        "/administrator",
    ],
)
def test_the_policy_is_strict_everywhere_but_in_the_back_office(address: str) -> None:
    answer = Client().get(address)
    if "health" in address:
        return  # a probe is no page
    assert policy(answer) == policy({"Content-Security-Policy": STRICT})


@pytest.mark.parametrize(
    "page",
    ["", "projections/currentfare/", "events/auditentry/", "second-factor/", "nothing/", "auth/user/add/"],
)
def test_pages_of_the_back_office_may_evaluate_expressions_and_load_nothing_from_elsewhere(page: str) -> None:
    found = policy(signed_in("auditor").get(f"/admin/{page}"))
    assert found["script-src"] == ["'self'", "'unsafe-eval'"]
    assert found["default-src"] == found["form-action"] == ["'self'"]
    assert found["object-src"] == found["base-uri"] == found["frame-ancestors"] == ["'none'"]
    assert found["img-src"] == ["'self'", "data:"]


def test_the_log_in_page_has_the_policy_of_the_back_office() -> None:
    assert "'unsafe-eval'" in policy(Client().get("/admin/login/"))["script-src"]


def test_unsafe_eval_stands_below_admin_only() -> None:
    for address in ("/", "/api/docs", "/api/schema", "/nothing", "/adminx/"):
        assert "unsafe-eval" not in Client().get(address)["Content-Security-Policy"]


def test_no_page_may_run_a_script_that_stands_in_it(booking: str) -> None:
    pages = [f"/admin/projections/currentfare/{booking}/change/", "/admin/", "/api/docs", "/nothing"]
    for page in pages:
        found = policy(signed_in("viewer").get(page))
        assert "'unsafe-inline'" not in found.get("script-src", found["default-src"])


def test_a_receipt_keeps_its_own_policy(booking: str, api: Api) -> None:
    for answer in (
        signed_in("viewer").get(f"/admin/projections/currentfare/{booking}/receipts/1/"),
        api.get(f"fares/{booking}/receipt?format=html"),
    ):
        assert answer.status_code == 200
        assert policy(answer)["default-src"] == ["'none'"]


@pytest.mark.parametrize("address", ["/admin/login/", "/api/docs", "/nothing", "/api/v1/fares/BK-1"])
def test_no_page_is_framed_sniffed_or_told_to_others(address: str) -> None:
    answer = Client().get(address)
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"


def test_what_staff_see_is_kept_in_no_cache(booking: str) -> None:
    answer = signed_in("viewer").get(f"/admin/projections/currentfare/{booking}/change/")
    assert "no-store" in answer["Cache-Control"]
    assert "private" in answer["Cache-Control"]
