"""Words for the tests of imports and exports: files, requests of people, runs that go on here."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.test import RequestFactory

from events.importing.readers import Form
from events.transfers import beginning, driving, folder, refused
from events.transfers.export_filter import LedgerFilter
from events.transfers.export_lines import ExportForm
from events.transfers.models import Transfer
from tests.builders import new_booking_id
from tests.staff import staff


def asked_by(person: User | None = None) -> HttpRequest:
    """A request of somebody of the staff; of an operator, if nobody is named."""
    request = RequestFactory().post("/admin/")
    request.user = person or staff("operator")
    request.request_id = f"of-{uuid4()}"  # type: ignore[attr-defined]
    return request


def line(booking_id: str, type: str = "SET", amount: str = "14.00", **fields: Any) -> dict[str, Any]:
    """A line of our own format."""
    component = "base_fare" if type == "SET" else "toll"
    given = {
        "booking_id": booking_id,
        "type": type,
        "component": component,
        "amount": amount,
        "currency": "SGD",
    }
    return {**given, **fields}


def jsonl(lines: Sequence[Mapping[str, Any]]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in lines)


def bookings(number: int) -> list[str]:
    return [new_booking_id() for _ in range(number)]


def checking(content: bytes, *, form: Form = Form.JSONL, name: str = "fares.jsonl", **asked: str) -> Transfer:
    """The dry run of an uploaded file, begun."""
    upload = beginning.take_upload(name, io.BytesIO(content))
    return beginning.begin_import(beginning.ImportAsked(form=form, **asked), upload, asked_by())


def driven(run: Transfer) -> Transfer:
    """The run as it is once nothing more is to be done."""
    while driving.go_on(run.pk, seconds=60):
        pass
    return again(run)


def checked(content: bytes, **how: Any) -> Transfer:
    return driven(checking(content, **how))


def imported(content: bytes, **how: Any) -> Transfer:
    """A file that was checked and then imported."""
    run = checked(content, **how)
    beginning.confirm(run, asked_by())
    return driven(run)


def again(run: Transfer | UUID) -> Transfer:
    """As the database has it."""
    return Transfer.objects.get(pk=run.pk if isinstance(run, Transfer) else run)


def listed(run: Transfer, name: str = refused.OF_IMPORT) -> list[dict[str, Any]]:
    """The list of rows that are not plainly in, whole."""
    kept = run.check_counts if name == refused.OF_CHECK and run.check_counts else run.counts
    if not kept["report"]:
        return []  # and no file
    text = b"".join(refused.as_jsonl(folder.folder_of(run.pk) / name, kept["report"])).decode()
    return [json.loads(each) for each in text.splitlines()]


def export(wanted: LedgerFilter, form: ExportForm = ExportForm.JSONL, **how: Any) -> Transfer:
    return beginning.begin_export(wanted, form, asked_by(), **how)


def content(run: Transfer) -> str:
    """What an export that went into a file has there."""
    return (folder.folder_of(run.pk) / folder.EXPORTED).read_text(encoding="utf-8")


@contextmanager
def import_folder(settings: Any, path: Path) -> Iterator[Path]:
    """The configured folder of files to be imported."""
    path.mkdir(exist_ok=True)
    settings.FAREHISTORY_IMPORT_FOLDER = str(path)
    yield path
