"""Operators and auditors take events out: small ones at once, long ones as a file that is checked and noted."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from events.models import Transfer
from tests.audits import acts_of, entries_of
from tests.builders import add, given, set_
from tests.events.transfers import runs
from tests.projections.admin.conftest import Sent, sent  # noqa: F401 - a fixture
from tests.projections.admin.pages import text_of
from tests.staff import signed_in

PAGES = "/admin/events/transfer/"
EXPORT = f"{PAGES}export/"


@pytest.fixture
def auditor() -> Client:
    return signed_in("auditor")


def lines(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200
    return [json.loads(each) for each in b"".join(answer.streaming_content).splitlines()]


def long_export(client: Client, monkeypatch: pytest.MonkeyPatch, **asked: Any) -> Transfer:
    monkeypatch.setattr("events.transfers.limits.DIRECT_EVENTS", 0)
    answer = client.post(EXPORT, {"form": "jsonl", **asked})
    assert answer.status_code == 302, text_of(answer)
    return runs.driven(Transfer.objects.get(pk=UUID(answer["Location"].strip("/").rsplit("/", 1)[1])))


def test_a_cancelled_export_is_not_said_to_keep_a_file(
    auditor: Client,
    monkeypatch: pytest.MonkeyPatch,
    sent: list[Sent],  # noqa: F811
) -> None:
    """What a worker had written of it is nothing that anybody can have."""
    monkeypatch.setattr("events.transfers.limits.DIRECT_EVENTS", 0)
    address = auditor.post(EXPORT, {"form": "jsonl", "booking_id": given(set_("14.00"))})["Location"]
    auditor.post(f"{address}cancel/")
    runs.driven(Transfer.objects.get(pk=UUID(address.strip("/").rsplit("/", 1)[1])))
    text = text_of(auditor.get(address))
    assert "There is no file." in text
    assert "File is kept until" not in text


@pytest.mark.parametrize("group", ["operator", "auditor"])
def test_a_small_export_comes_at_once_and_is_noted_with_its_rows(group: str) -> None:
    client = signed_in(group)
    booking = given(set_("14.00", metadata={"order": "O-1"}), add("toll", "5.00"))
    answer = client.post(EXPORT, {"form": "jsonl", "booking_id": booking})
    assert answer["Content-Disposition"].startswith(f'attachment; filename="fare-events-{booking}-')
    assert answer["Content-Type"] == "application/x-ndjson"
    assert [each["version"] for each in lines(answer)] == [1, 2]
    ((action, of, details),) = acts_of(client)
    assert (action, of, details["rows"], details["filters"]) == (
        "exported",
        booking,
        2,
        {"booking_id": booking},
    )
    run = Transfer.objects.get(pk=details["run"])
    text = text_of(client.get(f"{PAGES}{run.pk}/"))
    assert "2 events sent at once. No file was kept." in text
    assert client.get(f"{PAGES}{run.pk}/download/").status_code == 404


def test_metadata_needs_a_right_of_its_own() -> None:
    booking = given(set_("14.00", metadata={"order": "O-1"}))
    asked = {"form": "jsonl", "booking_id": booking, "with_metadata": "on"}
    operator, auditor = signed_in("operator"), signed_in("auditor")
    assert "metadata" not in lines(operator.post(EXPORT, asked))[0]
    assert lines(auditor.post(EXPORT, asked))[0]["metadata"] == {"order": "O-1"}
    assert acts_of(operator)[0][2]["with_metadata"] is False
    assert acts_of(auditor)[0][2]["with_metadata"] is True
    assert "events.export_metadata" in operator.get(EXPORT).content.decode()


def test_a_long_export_becomes_a_file_and_each_download_is_noted(
    auditor: Client,
    monkeypatch: pytest.MonkeyPatch,
    sent: list[Sent],  # noqa: F811
) -> None:
    booking = given(set_("14.00"))
    run = long_export(auditor, monkeypatch, booking_id=booking)
    assert [each.task for each in sent] == ["events.go_on"]
    assert "The file has 1 event." in text_of(auditor.get(f"{PAGES}{run.pk}/"))
    answer = auditor.get(f"{PAGES}{run.pk}/download/")
    assert [each["booking_id"] for each in lines(answer)] == [booking]
    assert int(answer["Content-Length"]) == run.file_size
    steps = [(entry.details["step"], entry.details.get("rows")) for entry in entries_of(auditor)]
    assert steps == [("asked for", None), ("done", 1), ("downloaded", 1)]


def test_a_file_with_metadata_is_handed_only_to_who_may_have_it(
    auditor: Client,
    monkeypatch: pytest.MonkeyPatch,
    sent: list[Sent],  # noqa: F811
) -> None:
    run = long_export(auditor, monkeypatch, booking_id=given(set_("14.00")), with_metadata="on")
    operator = signed_in("operator")
    answer = operator.get(f"{PAGES}{run.pk}/download/")
    assert answer.status_code == 403
    assert b"events.export_metadata" in answer.content
    assert acts_of(operator) == []
    page = operator.get(f"{PAGES}{run.pk}/")
    assert "your account would need the permission events.export_metadata" in text_of(page)
    assert b"/download/" not in page.content


def test_an_expired_file_is_not_offered(
    auditor: Client,
    monkeypatch: pytest.MonkeyPatch,
    sent: list[Sent],  # noqa: F811
) -> None:
    run = long_export(auditor, monkeypatch, booking_id=given(set_("14.00")))
    Transfer.objects.filter(pk=run.pk).update(file_removed_at=run.finished_at)
    assert "The file has expired" in text_of(auditor.get(f"{PAGES}{run.pk}/"))
    late = auditor.get(f"{PAGES}{run.pk}/download/")  # from a page that was open since
    assert late.status_code == 404
    assert "This run has no file to download." in late.content.decode()
    assert "The file has expired; export again to have a new one." in late.content.decode()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"booking_id": "a b"}, "A booking id has"),
        ({"component": "Toll!"}, "such as waiting_fee"),
        ({"source": "Toll Service"}, "such as toll-service"),
        ({"currency": "S$"}, "Write a currency such as SGD."),
        ({"since": "yesterday"}, "Write a time such as 2026-05-03 14:05."),
        ({"until": "1960-01-01T00:00:00Z"}, "Write a time in the years 1970 to 9998."),
        (
            {"since": "2026-05-03T00:00:00Z", "until": "2026-05-03T00:00:00Z"},
            "This is not after the first time.",
        ),
        ({"form": "xlsx"}, "Select a valid choice."),
    ],
    ids=range(8),
)
def test_what_cannot_be_meant_is_said_and_stays_as_typed(
    auditor: Client, fields: dict[str, str], said: str
) -> None:
    answer = auditor.post(EXPORT, {"form": "csv", **fields})
    assert said in text_of(answer)
    for name in fields.keys() - {"form", "since", "until"}:
        assert f'value="{fields[name]}"' in answer.content.decode()
    assert acts_of(auditor) == []


def test_the_address_fills_the_form_in_and_a_run_leads_back_to_it(auditor: Client) -> None:
    page = auditor.get(f"{EXPORT}?component=toll&currency=SGD&since=2026-05-03T14:05:00Z&corrections=True")
    content = page.content.decode()
    assert 'value="toll"' in content
    assert 'data-fh-utc="2026-05-03T14:05:00.000000Z"' in content
    assert " checked" in content
    booking = given(set_("14.00"))
    b"".join(
        auditor.post(EXPORT, {"form": "csv", "booking_id": booking, "currency": "sgd"}).streaming_content
    )
    run = Transfer.objects.get(pk=acts_of(auditor)[0][2]["run"])
    assert (
        f"{EXPORT}?booking_id={booking}&amp;currency=SGD&amp;form=csv"
        in auditor.get(f"{PAGES}{run.pk}/").content.decode()
    )


def test_a_long_export_without_a_folder_says_so(
    auditor: Client, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.FAREHISTORY_TRANSFERS = ""
    monkeypatch.setattr("events.transfers.limits.DIRECT_EVENTS", 0)
    answer = auditor.post(EXPORT, {"form": "csv", "booking_id": given(set_("14.00"))})
    assert "no file can be made here" in text_of(answer)
