"""A partner has sent a file. An operator has it checked, imports it, puts the bad row right, and sees the fares; an
auditor takes events out, at once and as a file."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from events import history, tasks
from events.transfers.export_filter import LedgerFilter
from events.transfers.export_lines import ExportForm
from farehistory.embedded.supervisor import Supervisor
from tests.browsers import browser_of, comes_to_say
from tests.builders import add, given, set_
from tests.events.transfers import runs
from tests.staff import staff

TRANSFERS = "/admin/events/transfer/"
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
SLOW_MS = 60_000
"""A run passes through a worker, on a machine that does other things too."""

SignedIn = Callable[[str], Page]


@pytest.fixture
def signed_in(chromium: Browser, web: str) -> Iterator[SignedIn]:
    """Windows of somebody of a group, whose scripts raise no error."""
    errors: list[str] = []
    contexts = []

    def sign_in(group: str) -> Page:
        context = browser_of(staff(group), chromium, web, color_scheme="dark", viewport=DESK)
        contexts.append(context)
        page = context.new_page()
        page.clock.install()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(TRANSFERS)
        return page

    yield sign_in
    for context in contexts:
        context.close()
    assert errors == []


def assert_fine(page: Page) -> None:
    """Nobody is shut out, also on a phone."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.set_viewport_size(DESK)


@contextmanager
def saved_to(page: Page, path: Path) -> Iterator[None]:
    """What the act in the block downloads."""
    with page.expect_download(timeout=SLOW_MS) as download:
        yield
    download.value.save_as(path)


def heading(page: Page) -> Locator:
    """What became of a run, as its page says at the top."""
    return page.locator("#fh-run-state")


def check(page: Page, file: Path) -> None:
    """Has a file checked, until that is over: the page follows by itself."""
    page.goto(f"{TRANSFERS}import/")
    page.get_by_label("From this computer").set_input_files(file)
    page.get_by_label("Fare events as CSV").check()
    page.get_by_role("button", name="Check the file").click()
    expect(page).to_have_url(re.compile(f"{TRANSFERS}[0-9a-f-]{{36}}/$"))
    comes_to_say(page, heading(page), "Waits for a decision")


def test_an_operator_imports_a_file_and_sees_the_fares(
    signed_in: SignedIn, worker: Supervisor, tmp_path: Path
) -> None:
    page = signed_in("operator")
    good, bad = runs.bookings(2)
    file, again = tmp_path / "partner.csv", tmp_path / "again.csv"
    head = "booking_id,type,component,amount,currency\n"
    file.write_text(
        f'{head}{good},SET,base_fare,14.00,SGD\n{bad},SET,base_fare,"12,50",SGD\n', encoding="utf-8"
    )

    check(page, file)
    expect(page.get_by_text("1 event would be appended.")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile(f"^3 {bad} amount must be digits"))).to_be_visible()
    assert history.head_of(good) is None
    assert_fine(page)

    page.get_by_role("button", name="Import 1 row").click()
    comes_to_say(page, heading(page), "Done, some rows refused")
    assert_fine(page)
    with saved_to(page, again):
        page.get_by_role("link", name="Refused rows, to be put right").click()
    text = again.read_text(encoding="utf-8")
    assert text.startswith("import_line,import_reason,booking_id")
    again.write_text(text.replace('"12,50"', "12.50"), encoding="utf-8")

    check(page, again)
    page.get_by_role("button", name="Import 1 row").click()
    comes_to_say(page, heading(page), "Done")
    expect(page.get_by_text("Every row is in the ledger.")).to_be_visible()

    for booking, fare in ((good, "14.00"), (bad, "12.50")):
        page.goto(f"/admin/projections/currentfare/{booking}/change/")
        expect(page.get_by_text(f"The fare is SGD {fare}, all of it base fare.").first).to_be_visible(
            timeout=SLOW_MS
        )


def test_an_auditor_exports_a_booking_and_has_it_at_once(signed_in: SignedIn, tmp_path: Path) -> None:
    page = signed_in("auditor")
    booking = given(set_("14.00", description="=HYPERLINK(1)"), add("toll", "5.00"))
    page.get_by_role("link", name="Export events").click()
    expect(page.get_by_text(re.compile("The ledger has [0-9,]+ events now"))).to_be_visible()
    assert_fine(page)
    page.get_by_label("Booking").fill(booking)
    with saved_to(page, tmp_path / "fare.csv"):
        page.get_by_role("button", name="Export").click()
    with (tmp_path / "fare.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["version"], row["fare"]) for row in rows] == [("1", "14.00"), ("2", "19.00")]
    assert rows[0]["description"] == "'=HYPERLINK(1)"


def test_an_auditor_waits_for_a_long_export_and_downloads_it(
    signed_in: SignedIn, worker: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("events.transfers.limits.DIRECT_EVENTS", 0)
    page = signed_in("auditor")
    booking = given(set_("14.00"))
    run = runs.export(LedgerFilter(booking_id=booking), ExportForm.JSONL)
    page.goto(f"{TRANSFERS}{run.pk}/")
    expect(page.get_by_role("heading", name="Under way")).to_be_visible()
    assert_fine(page)
    tasks.hand_over(run)
    comes_to_say(page, heading(page), "Done")  # without a reload
    with saved_to(page, tmp_path / "fare.jsonl"):
        page.get_by_role("link", name="Download").click()
    (event,) = (tmp_path / "fare.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(event)["booking_id"] == booking
