"""Which middleware a request passes: the API's calls go straight to the view, pages through all of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.utils.module_loading import import_string

from tests.api_client import Api

SIDES = "farehistory.http.sides.Sides"
BOTH = django_settings.MIDDLEWARE[: django_settings.MIDDLEWARE.index(SIDES)]
BACK_OFFICE = django_settings.MIDDLEWARE[django_settings.MIDDLEWARE.index(SIDES) + 1 : -1]

passed: list[str] = []
"""The middleware that the last request came through, in order."""


def _noting(number: int) -> Any:
    """A middleware beside the real one of that number, which notes that a request came by."""

    def factory(get_response: Any) -> Any:
        def middleware(request: HttpRequest) -> HttpResponse:
            passed.append(django_settings.MIDDLEWARE[number])
            return get_response(request)  # type: ignore[no-any-return]

        return middleware

    return factory


for _number in range(40):
    globals()[f"noting_{_number}"] = _noting(_number)


@pytest.fixture
def handler() -> WSGIHandler:
    """The application, with a note beside each middleware."""
    noted: list[str] = []
    for number, name in enumerate(django_settings.MIDDLEWARE[:-1]):
        noted += [f"{__name__}.noting_{number}", name]
    with override_settings(MIDDLEWARE=[*noted, django_settings.MIDDLEWARE[-1]]):
        return WSGIHandler()


def walk(handler: WSGIHandler, path: str) -> list[str]:
    passed.clear()
    request = RequestFactory(HTTP_HOST="localhost").get(path)
    handler({**request.environ, "PATH_INFO": path}, lambda *_: None).close()
    return passed.copy()


@pytest.mark.parametrize(
    "path", ["/api/v1/fares/BK-1", "/api/nowhere", "/api/problems/not_found", "/api/docs"]
)
def test_a_call_of_the_api_passes_only_what_serves_both_sides(handler: WSGIHandler, path: str) -> None:
    assert walk(handler, path) == [*BOTH, SIDES]


@pytest.mark.parametrize(
    "path", ["/admin/login/", "/nowhere", "/apis", "/API/v1/fares/BK-1", "//api/v1/fares/BK-1"]
)
def test_everything_else_passes_all_of_it_in_order(handler: WSGIHandler, path: str) -> None:
    assert walk(handler, path) == [*BOTH, SIDES, *BACK_OFFICE]


def test_what_leads_to_the_view_is_known_to_be_the_last() -> None:
    assert django_settings.MIDDLEWARE[-1] == "farehistory.http.sides.before_the_view"


def test_hooks_of_the_back_office_that_the_api_would_miss_are_those_of_pages() -> None:
    """Django calls hooks before views for both sides; one that asks for a session or a person would break the API."""
    hooks = {
        (name.rpartition(".")[2], hook)
        for name in BACK_OFFICE
        for hook in ("process_view", "process_exception", "process_template_response")
        if hasattr(import_string(name), hook)
    }
    assert hooks == {("CsrfViewMiddleware", "process_view")}


def test_a_form_of_the_back_office_is_refused_without_its_token(django_user_model: type) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/admin/login/", {"username": "mei", "password": "x"}).status_code == 403


@pytest.mark.parametrize("path", ["fares/unknown", "nowhere", "fares/%00"])
def test_answers_of_the_api_keep_their_security_headers(api: Api, path: str) -> None:
    for caller in (api, Api()):
        answer = caller.get(path)
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "default-src 'self'" in answer["Content-Security-Policy"]
        assert answer["X-Request-ID"]
        assert "Set-Cookie" not in answer
