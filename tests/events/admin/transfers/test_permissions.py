"""Who may see, import and export; that the page says what is missing, and nothing acts but a POST of our own."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.test import Client

from tests.audits import acts_of
from tests.events.transfers import runs
from tests.projections.admin.pages import text_of
from tests.staff import signed_in, staff

PAGES = "/admin/events/transfer/"
NO_RUN = UUID(int=1)


@pytest.fixture(scope="module")
def run_page() -> str:
    return f"{PAGES}{runs.checked(runs.jsonl([runs.line(*runs.bookings(1))])).pk}/"


@pytest.mark.parametrize("group", ["operator", "auditor"])
def test_operators_and_auditors_may_look(group: str, run_page: str) -> None:
    client = signed_in(group)
    for page in (PAGES, f"{PAGES}?kind=import", f"{PAGES}?kind=export&page=2", run_page, f"{run_page}?live"):
        assert client.get(page).status_code == 200


@pytest.mark.parametrize("group", ["viewer", "support", "lead"])
def test_others_are_told_which_permission_is_missing(group: str, run_page: str) -> None:
    client = signed_in(group)
    needed = {
        PAGES: "events.view_transfer",
        run_page: "events.view_transfer",
        f"{PAGES}import/": "events.import_fares",
        f"{PAGES}export/": "events.export_ledger",
    }
    for page, permission in needed.items():
        answer = client.get(page)
        assert answer.status_code == 403
        assert permission.encode() in answer.content
    assert PAGES.encode() not in client.get("/admin/").content


def test_an_auditor_exports_and_does_not_import(run_page: str) -> None:
    auditor = signed_in("auditor")
    assert auditor.get(f"{PAGES}export/").status_code == 200
    assert b"/import/" not in auditor.get(PAGES).content
    page = auditor.get(run_page)
    assert b"/confirm/" not in page.content
    assert "events.import_fares" in text_of(page)
    for act in ("confirm/", "cancel/"):
        assert auditor.post(f"{run_page}{act}").status_code == 403
    assert auditor.post(f"{PAGES}import/").status_code == 403
    assert acts_of(auditor) == []


@pytest.mark.parametrize("act", ["confirm/", "cancel/"])
def test_looking_at_an_act_does_nothing_and_it_needs_our_pages_token(run_page: str, act: str) -> None:
    assert signed_in("operator").get(f"{run_page}{act}").status_code == 405
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff("operator"))
    for page in (f"{run_page}{act}", f"{PAGES}import/", f"{PAGES}export/"):
        assert client.post(page).status_code == 403


def test_a_stranger_is_sent_to_log_in(run_page: str) -> None:
    for page in (
        PAGES,
        run_page,
        f"{PAGES}import/",
        f"{PAGES}export/",
        f"{run_page}download/",
        f"{run_page}rows.csv",
    ):
        assert Client().get(page)["Location"].startswith("/admin/login/?next=")


@pytest.mark.parametrize(
    "address",
    [
        f"{NO_RUN}/",
        f"{NO_RUN}/download/",
        f"{NO_RUN}/rows.csv",
        "add/",
        f"{NO_RUN}/change/",
        f"{NO_RUN}/delete/",
    ],
)
def test_there_is_no_page_of_what_there_is_not(address: str) -> None:
    assert signed_in("operator").get(f"{PAGES}{address}").status_code == 404


def test_the_menu_leads_there() -> None:
    for group in ("operator", "auditor"):
        assert f'href="{PAGES}"'.encode() in signed_in(group).get("/admin/").content
