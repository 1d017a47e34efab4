"""What somebody sees where a page cannot be shown: plain words, a way back, and nothing that a cache keeps."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import path

from farehistory.urls import handler400, handler403, handler404, handler500
from farehistory.urls import urlpatterns as addresses
from tests.staff import signed_in

__all__ = ["handler400", "handler403", "handler404", "handler500"]


def broken(request: Any) -> Any:
    raise ZeroDivisionError


urlpatterns = [path("admin/broken/", broken), *addresses]
"""The project's, and one that breaks."""


def answer_of(case: str) -> Any:
    client = signed_in("viewer")
    client.raise_request_exception = False
    if case == "form":
        client = Client(enforce_csrf_checks=True)
        return client.post("/admin/login/", {"username": "somebody", "password": "something"})
    if case == "host":
        return client.get("/admin/", headers={"Host": "elsewhere.example"})
    pages = {
        "forbidden": "/admin/events/auditentry/",
        "missing": "/admin/nothing/",
        "broken": "/admin/broken/",
    }
    return client.get(pages[case])


CASES = {
    "form": (403, "This was not sent"),
    "host": (400, "This request cannot be understood"),
    "forbidden": (403, "You may not see this page"),
    "missing": (404, "There is no page at this address"),
    "broken": (500, "Something went wrong here"),
}


@pytest.mark.urls("tests.security.test_error_pages")
@pytest.mark.parametrize("case", CASES)
def test_an_error_is_said_in_plain_words_with_a_way_back(case: str) -> None:
    answer, (status, words) = answer_of(case), CASES[case]
    assert (answer.status_code, words in answer.content.decode()) == (status, True)
    assert 'href="/admin/"' in answer.content.decode()
    assert "<style" not in answer.content.decode()


@pytest.mark.urls("tests.security.test_error_pages")
@pytest.mark.parametrize("case", CASES)
def test_no_error_page_of_the_back_office_is_kept(case: str) -> None:
    assert "no-store" in answer_of(case)["Cache-Control"]
