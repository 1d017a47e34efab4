"""GET fares/{booking_id}/receipt: issued when asked for, in the form that is asked for."""

from __future__ import annotations

import json
from typing import Any

import pypdfium2
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from jsonschema import Draft202012Validator
from playwright.sync_api import Browser

from tests.api_client import Api, assert_problem, pointers
from tests.builders import add, append, given, new_booking_id, set_, sub
from tests.projections.receipts.histories import issued


def some_fare() -> str:
    return given(set_("14.00", description="Price at booking"), add("toll", "5.00"), sub("promo", "3.10"))


def kind_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.content
    return answer["Content-Type"].split(";")[0]


def test_a_receipt_is_issued_when_it_is_asked_for_and_stays_the_same(api: Api) -> None:
    booking = some_fare()
    first = api.get(f"fares/{booking}/receipt")
    assert first.json()["number"] == f"{booking}-R1"
    assert first.json()["fare"] == "15.90"
    assert api.get(f"fares/{booking}/receipt").content == first.content
    assert issued(booking) == [(1, 3)]


def test_an_event_later_it_is_a_new_one_that_names_the_one_before(api: Api) -> None:
    booking = some_fare()
    first = api.get(f"fares/{booking}/receipt").json()
    append(booking, add("tip", "2.00"))
    second = api.get(f"fares/{booking}/receipt").json()
    assert (second["number"], second["fare"]) == (f"{booking}-R2", "17.90")
    assert (second["replaces"]["number"], second["replaces"]["difference"]) == (first["number"], "2.00")
    assert api.get(f"fares/{booking}/receipt?number={booking}-R1").json() == first


def test_an_answer_is_what_the_document_of_the_api_says(api: Api) -> None:
    booking = some_fare()
    api.get(f"fares/{booking}/receipt")
    append(booking, add("tip", "2.00"))
    committed = yaml.safe_load((settings.BASE_DIR / "docs" / "openapi.yaml").read_text())
    schema = {"$ref": "#/components/schemas/Receipt", "components": committed["components"]}
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for number in (1, 2):
        if number == 2:
            answer = api.get(f"fares/{booking}/receipt")
        else:
            answer = api.get(f"fares/{booking}/receipt?number={booking}-R1")
        validator.validate(answer.json())
        assert list(answer.json()) == committed["components"]["schemas"]["Receipt"]["required"]


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("application/pdf", "application/pdf"),
        ("application/*", "application/json"),
        ("image/png, application/pdf;q=0.5", "application/pdf"),
        ("text/html;q=0.1, application/pdf;q=0.9", "application/pdf"),
        ("application/json;q=0.5, text/html;q=0.5, application/pdf;q=0.6", "application/pdf"),
        ("text/html;q=0, */*", "application/json"),
        ("application/json;q=0, */*", "text/html"),
        ("application/json;q=0, text/html;q=0.0, */*;q=0.1", "application/pdf"),
        ("application/json;q=0.2, application/*;q=0.9", "application/pdf"),
        ("text/html, */*", "text/html"),
        ("*/*, application/pdf", "application/pdf"),
        ("TEXT/HTML; Q=0.4, application/json; charset=utf-8; q=0.3", "text/html"),
        ("application/json; charset=utf-8", "application/json"),
        ("", "application/json"),
        (" , ", "application/json"),
    ],
)
def test_accept_decides_the_form(api: Api, accept: str, form: str) -> None:
    answer = api.get(f"fares/{some_fare()}/receipt", Accept=accept)
    assert kind_of(answer) == form
    assert "Accept" in answer["Vary"]


@pytest.mark.parametrize(
    ("format", "form"), [("json", "application/json"), ("html", "text/html"), ("pdf", "application/pdf")]
)
def test_format_goes_before_accept(api: Api, format: str, form: str) -> None:
    answer = api.get(f"fares/{some_fare()}/receipt?format={format}", Accept="image/png")
    assert kind_of(answer) == form


def test_every_form_is_of_the_same_receipt(api: Api) -> None:
    booking = some_fare()
    page, file = (api.get(f"fares/{booking}/receipt?format={f}") for f in ("html", "pdf"))
    with pypdfium2.PdfDocument(file.content) as document:
        text = document[0].get_textpage().get_text_range()
    for shown in (page.content.decode(), text):
        assert f"{booking}-R1" in shown
        assert "SGD 15.90" in shown
    assert issued(booking) == [(1, 3)]
    assert api.get(f"fares/{booking}/receipt?format=pdf").content == file.content


def test_a_pdf_is_shown_in_the_browser_and_saved_under_a_safe_name(api: Api) -> None:
    booking = given(set_("14.00"), booking_id=f"a:{new_booking_id()}")
    answer = api.get(f"fares/{booking}/receipt?format=pdf")
    assert answer["Content-Disposition"] == f'inline; filename="receipt-{booking.replace(":", "_")}-R1.pdf"'
    assert answer.content.startswith(b"%PDF-")


def test_a_form_that_there_is_not_is_not_acceptable(api: Api) -> None:
    for accept in ("image/png", "application/pdf;q=0", "*/*;q=0", "text/plain, application/json;q=0"):
        assert_problem(api.get(f"fares/{some_fare()}/receipt", Accept=accept), 406, "not_acceptable")


@pytest.mark.parametrize(
    "query",
    ["format=xml", "format=", "format=json&format=pdf", "version=1", "number=R1", "number=", "number=1"],
)
def test_a_parameter_that_is_wrong_is_refused_and_nothing_is_issued(api: Api, query: str) -> None:
    booking = some_fare()
    problem = assert_problem(api.get(f"fares/{booking}/receipt?{query}"), 400, "invalid_parameter")
    assert pointers(problem) == ["/" + query.split("=")[0]]
    assert issued(booking) == []


@pytest.mark.parametrize("format", ["json", "html", "pdf"])
def test_a_booking_without_events_is_unknown_in_every_form(api: Api, format: str) -> None:
    assert_problem(api.get(f"fares/{new_booking_id()}/receipt?format={format}"), 404, "unknown_booking")


@pytest.mark.parametrize("booking", ["%20", "a%00b", "x" * 65, "%F0%9F%9A%95", "-1"])
def test_an_id_that_no_booking_can_have_is_unknown(api: Api, booking: str) -> None:
    assert_problem(api.get(f"fares/{booking}/receipt"), 404, "unknown_booking")


def test_a_number_that_was_not_issued_is_unknown(api: Api) -> None:
    booking = some_fare()
    api.get(f"fares/{booking}/receipt")
    for number in (2, 999999999):
        answer = api.get(f"fares/{booking}/receipt?number={booking}-R{number}")
        assert_problem(answer, 404, "unknown_receipt")
    other = api.get(f"fares/{booking}/receipt?number={some_fare()}-R1")
    assert_problem(other, 400, "invalid_parameter")


def test_a_key_without_the_scope_or_no_key_gets_none() -> None:
    booking = some_fare()
    appender = Api.of("pricing", "fares:append")
    assert_problem(appender.get(f"fares/{booking}/receipt?format=pdf"), 403, "permission_denied")
    assert_problem(Api().get(f"fares/{booking}/receipt?format=nonsense"), 401, "not_authenticated")
    assert issued(booking) == []


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.long)])
def test_the_page_is_accessible_and_keeps_to_its_policy(
    web: str, api: Api, chromium: Browser, scheme: Any
) -> None:
    booking = given(set_("14.00", description="รสوم Gebühr"), add("toll", "5.00"))
    api.get(f"fares/{booking}/receipt")
    append(booking, sub("promo", "3.10", description="خصم"))
    context = chromium.new_context(
        color_scheme=scheme, extra_http_headers={"Authorization": f"Bearer {api.key}"}, bypass_csp=False
    )
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{web}/api/v1/fares/{booking}/receipt?format=html")
    background = page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor")
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(29, 27, 36)"}[scheme]
    assert [message for message in said if "favicon" not in message] == []
    context.close()
    # The checker is a script, which the policy rightly refuses: it looks at the page as it was saved.
    saved = chromium.new_context(color_scheme=scheme)
    page = saved.new_page()
    page.set_content(api.get(f"fares/{booking}/receipt?format=html").content.decode())
    violations = Axe().run(page).response["violations"]
    saved.close()
    assert violations == [], json.dumps(violations, indent=1)[:3000]
