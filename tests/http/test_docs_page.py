"""/api/docs in a real browser: the calls are shown, one can be tried, and no other host is asked."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
from playwright.sync_api import Browser

from tests.api_client import Api
from tests.builders import given, set_


def test_a_call_can_be_tried_on_the_page(web: str, chromium: Browser, api: Api) -> None:
    booking = given(set_("14.00"))
    page = chromium.new_page()
    hosts: set[str] = set()
    complaints: list[str] = []
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{web}/api/docs")
    page.get_by_role("button", name="Authorize").click()
    page.locator(".auth-container input").fill(api.key or "")
    page.locator(".auth-container button.authorize").click()
    page.locator(".auth-container button.btn-done").click()
    call = page.locator("#operations-Fares-get_fare")
    call.locator(".opblock-summary-control").click()
    call.get_by_role("button", name="Try it out").click()
    call.locator("tr[data-param-name=booking_id] input").fill(booking)
    call.get_by_role("button", name="Execute").click()
    answer = call.locator(".live-responses-table .microlight").first
    answer.wait_for()
    assert '"fare": "14.00"' in answer.inner_text()
    document = httpx.get(f"{web}/api/schema", headers={"Accept": "application/vnd.oai.openapi+json"}).json()
    assert page.locator(".opblock").count() == sum(len(calls) for calls in document["paths"].values())
    assert hosts - {""} == {urlsplit(web).netloc}
    assert complaints == []
    page.close()
