"""An operator imports a file: checked first, looked at, let or left; the record says who and what."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from events import history
from events.models import Transfer
from events.transfers import driving
from tests.audits import entries_of
from tests.events.transfers import runs
from tests.projections.admin.conftest import Sent, no_broker, sent  # noqa: F401 - fixtures
from tests.projections.admin.pages import messages_of, text_of
from tests.staff import signed_in

PAGES = "/admin/events/transfer/"
IMPORT = f"{PAGES}import/"


@pytest.fixture
def operator() -> Client:
    return signed_in("operator")


def upload(client: Client, content: bytes, name: str = "fares.jsonl", **fields: Any) -> Any:
    given = {"file": SimpleUploadedFile(name, content), "form": "jsonl", **fields}
    return client.post(IMPORT, {each: value for each, value in given.items() if value is not None})


def run_of(answer: Any) -> Transfer:
    assert answer.status_code == 302, text_of(answer)
    return Transfer.objects.get(pk=UUID(answer["Location"].strip("/").rsplit("/", 1)[1]))


def test_an_upload_is_noted_and_handed_to_the_workers(operator: Client, sent: list[Sent]) -> None:  # noqa: F811
    answer = upload(operator, runs.jsonl([runs.line(*runs.bookings(1))]))
    run, person = run_of(answer), answer.wsgi_request.user
    assert (run.state, run.requested_by_name) == (Transfer.State.CHECKING, person.get_username())
    (task,) = [each for each in sent if each.task == "events.go_on"]
    assert task.arguments == {"run_id": str(run.pk)}
    assert task.headers["actor"] == person.get_username()
    (entry,) = entries_of(operator)
    assert (entry.action, entry.details["step"], entry.details["file"]) == (
        "imported",
        "checked",
        "fares.jsonl",
    )
    assert entry.details["sha256"] == run.file_sha256


def test_the_page_of_a_run_tells_what_is_new_double_and_refused(operator: Client, sent: list[Sent]) -> None:  # noqa: F811
    (new, other) = runs.bookings(2)
    lines = [runs.line(new), runs.line(new), runs.line(other, amount="<b>12,50")]
    run = runs.driven(run_of(upload(operator, runs.jsonl(lines))))
    answer = operator.get(f"{PAGES}{run.pk}/")
    text = text_of(answer)
    assert "1 accepted would be imported" in text
    assert "1 duplicate" in text
    assert "1 refused" in text
    assert f"3 {other}" in text
    assert "<b>12,50" not in answer.content.decode()
    assert "Import 1 row" in text
    assert "Nothing of them is written." in text
    assert "Only what others append to the same bookings meanwhile can change that." in text
    assert "those that break such a rule are refused" not in text  # each rule was looked at
    assert history.head_of(new) is None


def test_letting_it_begin_is_noted_and_handed_over_once(operator: Client, sent: list[Sent]) -> None:  # noqa: F811
    (new,) = runs.bookings(1)
    run = runs.driven(run_of(upload(operator, runs.jsonl([runs.line(new)]))))
    sent.clear()
    other = signed_in("operator")
    for _ in range(2):
        assert other.post(f"{PAGES}{run.pk}/confirm/").status_code == 302
    assert [each.task for each in sent] == ["events.go_on"]
    assert [entry.details["step"] for entry in entries_of(other)] == ["begun"]
    runs.driven(run)
    text = text_of(operator.get(f"{PAGES}{run.pk}/"))
    assert "1 event appended. Every row is in the ledger." in text
    assert "1 imported are in the ledger now" in text
    assert [entry.details["step"] for entry in entries_of(other)] == ["begun", "done"]
    assert history.head_of(new) is not None


def test_a_file_of_which_all_is_in_offers_nothing_to_import(operator: Client, sent: list[Sent]) -> None:  # noqa: F811
    content = runs.jsonl([runs.line(*runs.bookings(1))])
    runs.imported(content)
    run = runs.driven(run_of(upload(operator, content)))
    answer = operator.get(f"{PAGES}{run.pk}/")
    assert "There is nothing to import." in text_of(answer)
    assert b"/confirm/" not in answer.content


def test_an_error_in_the_form_loses_neither_what_was_typed_nor_the_file(
    operator: Client,
    sent: list[Sent],  # noqa: F811
) -> None:
    content = runs.jsonl([runs.line(*runs.bookings(1))])
    answer = upload(operator, content, source="Not A Source")
    text, page = text_of(answer), answer.content.decode()
    assert "1 to 48 of a-z 0-9 -, beginning with a letter." in text
    assert 'value="Not A Source"' in page
    assert 'value="jsonl" checked' in page
    assert "fares.jsonl is here already." in text
    kept = page.split('name="kept" value="')[1].split('"')[0]
    again = operator.post(IMPORT, {"kept": kept, "form": "jsonl", "source": "partner"})
    run = run_of(again)
    assert (run.file_name, run.file_size, run.asked["source"]) == ("fares.jsonl", len(content), "partner")
    once_more = operator.post(IMPORT, {"kept": kept, "form": "jsonl"})
    assert "This file was taken already." in text_of(once_more)
    stolen = signed_in("operator").post(IMPORT, {"kept": kept, "form": "jsonl"})
    assert "Choose a file." in text_of(stolen)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"file": None}, "Choose a file."),
        ({"form": None}, "Say what kind of file it is."),
        ({"form": "parquet"}, "Select a valid choice."),
        ({"form": "mapped"}, "Such a file needs a mapping."),
        ({"form": "mapped", "mapping": "name = 1"}, "This is not a mapping"),
        ({"path": "x.csv"}, "Choose one: a file is uploaded, so leave this empty."),
        ({"file": None, "path": "../x.csv"}, "Name a file inside the import folder"),
        ({"file": None, "path": "missing.csv"}, "The import folder has no file missing.csv"),
    ],
    ids=range(8),
)
def test_what_cannot_be_meant_is_said(operator: Client, fields: dict[str, Any], said: str) -> None:
    before = Transfer.objects.count()
    assert said in text_of(upload(operator, b"{}\n", **fields))
    assert Transfer.objects.count() == before


def test_a_mapping_that_came_as_a_file_stays_as_text(operator: Client) -> None:
    sent_file = SimpleUploadedFile("nord.toml", b'name = "nord"\n# wrong')
    answer = upload(operator, b"id\n1\n", form="mapped", mapping_file=sent_file)
    assert "# wrong</textarea>" in answer.content.decode()


def test_an_upload_that_is_too_large_is_refused(operator: Client, settings: Any) -> None:
    settings.FAREHISTORY_UPLOAD_MEGABYTES = 1
    assert "The file has more than 1 MB." in text_of(upload(operator, b"x" * 1_000_001))


def test_a_path_in_the_import_folder_is_offered_and_taken(
    operator: Client,
    settings: Any,
    tmp_path: Path,
    sent: list[Sent],  # noqa: F811
) -> None:
    (tmp_path / "day.jsonl").write_bytes(runs.jsonl([runs.line(*runs.bookings(1))]))
    settings.FAREHISTORY_IMPORT_FOLDER = str(tmp_path)
    assert '<option value="day.jsonl">' in operator.get(IMPORT).content.decode()
    run = run_of(operator.post(IMPORT, {"path": "day.jsonl", "form": "jsonl"}))
    assert runs.driven(run).state == Transfer.State.CHECKED


def test_cancelling_is_noted_and_said(operator: Client, sent: list[Sent]) -> None:  # noqa: F811
    run = run_of(upload(operator, runs.jsonl([runs.line(*runs.bookings(1))])))
    assert operator.post(f"{PAGES}{run.pk}/cancel/").status_code == 302
    assert "Being cancelled" in text_of(operator.get(f"{PAGES}{run.pk}/"))
    runs.driven(run)
    text = text_of(operator.get(f"{PAGES}{run.pk}/"))
    assert "Cancelled Nothing was written to the ledger." in text
    assert "Cancelled by" in text
    again = operator.post(f"{PAGES}{run.pk}/cancel/")
    assert messages_of(again) == ["This run has ended already."]
    assert "cancelled" in [entry.details["step"] for entry in entries_of(operator)]


def test_without_workers_to_reach_it_is_noted_for_later(operator: Client, no_broker: None) -> None:  # noqa: F811
    answer = upload(operator, runs.jsonl([runs.line(*runs.bookings(1))]))
    assert run_of(answer).state == Transfer.State.CHECKING
    (said,) = messages_of(answer)
    assert said.startswith("This is noted, but the workers cannot be reached now.")


def test_progress_is_told_while_it_goes_on(operator: Client, sent: list[Sent]) -> None:  # noqa: F811
    run = run_of(upload(operator, runs.jsonl([runs.line(*runs.bookings(1))])))
    live = operator.get(f"{PAGES}{run.pk}/?live").content.decode()
    assert "<progress" in live
    assert "data-fh-ended" not in live
    runs.driven(run)
    assert "data-fh-ended" in operator.get(f"{PAGES}{run.pk}/?live").content.decode()


def test_a_run_that_nobody_goes_on_with_waits_for_a_worker(operator: Client, sent: list[Sent]) -> None:  # noqa: F811
    run = run_of(upload(operator, runs.jsonl([runs.line(*runs.bookings(1))])))
    assert "Being checked" in text_of(operator.get(f"{PAGES}{run.pk}/"))
    Transfer.objects.filter(pk=run.pk).update(moved_at=timezone.now() - 2 * driving.STALLED)
    text = text_of(operator.get(f"{PAGES}{run.pk}/"))
    assert "Waiting for a worker" in text
    assert "Being checked" not in text
    assert "the schedule “go on with imports and exports”" in text
    assert "Waiting for a worker" not in text_of(operator.get(f"{PAGES}{runs.driven(run).pk}/"))


def test_refused_rows_are_downloaded_safely_and_that_is_noted(operator: Client) -> None:
    booking = "=HYPERLINK(1)"
    run = runs.imported(runs.jsonl([runs.line(booking), runs.line(*runs.bookings(1))]))
    answer = operator.get(f"{PAGES}{run.pk}/rows.csv")
    (row,) = csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode()))
    assert (row["line"], row["outcome"], row["booking_id"]) == ("1", "refused", f"'{booking}")
    assert answer["Content-Disposition"] == 'attachment; filename="fares.jsonl-import-rows.csv"'
    lines = b"".join(operator.get(f"{PAGES}{run.pk}/rows.jsonl?check").streaming_content).splitlines()
    assert [json.loads(each)["booking_id"] for each in lines] == [booking]
    assert [(entry.action, entry.details["list"]) for entry in entries_of(operator)] == [
        ("exported", "import"),
        ("exported", "dry-run"),
    ]


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl?check", "rows.pdf", "download/"])
def test_what_a_run_does_not_have_is_not_found(operator: Client, name: str) -> None:
    run = runs.imported(runs.jsonl([runs.line(*runs.bookings(1))]))
    assert operator.get(f"{PAGES}{run.pk}/{name}").status_code == 404


def test_without_a_folder_the_page_says_so(operator: Client, settings: Any) -> None:
    settings.FAREHISTORY_TRANSFERS = ""
    assert "No folder is configured" in text_of(operator.get(IMPORT))


def test_refused_rows_are_offered_to_be_put_right_and_noted(operator: Client, sent: list[Sent]) -> None:  # noqa: F811
    (new, bad) = runs.bookings(2)
    content = runs.jsonl([runs.line(new), runs.line(bad, amount="12,50")])
    run = runs.driven(run_of(upload(operator, content, name="../May \u00fc.jsonl")))
    page = f"{PAGES}{run.pk}/"
    assert "Refused rows, to be put right" in text_of(operator.get(page))
    answer = operator.get(f"{page}refused/")
    assert json.loads(b"".join(answer.streaming_content))["import_line"] == 2
    assert answer["Content-Disposition"] == 'attachment; filename="May__-refused.jsonl"'
    assert entries_of(operator)[-1].details["list"] == "refused rows"

    auditor = signed_in("auditor")
    assert f"{page}refused/" not in auditor.get(page).content.decode()
    assert auditor.get(f"{page}refused/").status_code == 403
    Transfer.objects.filter(pk=run.pk).update(file_removed_at=timezone.now())
    assert operator.get(f"{page}refused/").status_code == 404


def test_lists_that_were_removed_are_not_offered(operator: Client, sent: list[Sent]) -> None:  # noqa: F811
    content = runs.jsonl([runs.line(each, amount="12,50") for each in runs.bookings(1)])
    run = runs.driven(run_of(upload(operator, content)))
    page = f"{PAGES}{run.pk}/"
    assert "rows.csv" in operator.get(page).content.decode()
    Transfer.objects.filter(pk=run.pk).update(
        state="cancelled", finished_at=timezone.now(), folder_removed_at=timezone.now()
    )
    answer = operator.get(page)
    assert "rows.csv" not in answer.content.decode()
    assert "Lists of rows removed" in text_of(answer)
    assert operator.get(f"{page}rows.csv?check").status_code == 404


def test_amounts_have_all_decimals_of_their_currency(operator: Client, sent: list[Sent]) -> None:  # noqa: F811
    lines = [runs.line(each, amount="1234.5") for each in runs.bookings(1)]
    run = runs.driven(run_of(upload(operator, runs.jsonl(lines))))
    assert "SGD 1 1 0 0 1,234.50 1,234.50" in text_of(operator.get(f"{PAGES}{run.pk}/"))
