"""Runs as people ask for them: begun, confirmed after their dry run, cancelled. Whoever calls checks who may."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from uuid import UUID, uuid4

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from events import audit
from events.importing.readers import Form
from events.transfers import folder, inbox, limits
from events.transfers.export_filter import LedgerFilter, Range
from events.transfers.export_lines import ExportForm
from events.transfers.importing import copied
from events.transfers.models import Transfer

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class NotNow(RuntimeError):
    """The run is not in a state in which that can be done; says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportAsked:
    """How a file is read. `source`: of its events, "" for the kind's own; `mapping`: TOML, of a mapped file."""

    form: Form
    source: str = ""
    mapping: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came by the browser and lies in its run's folder already."""

    run_id: UUID
    name: str
    size: int
    sha256: str


def take_upload(name: str, content: BinaryIO) -> Upload:
    """Puts a file into the folder of a run to come. Raises ImportFailed if it is too large, FilesAway, OSError."""
    run_id = uuid4()
    path = folder.make(run_id) / folder.IMPORTED
    try:
        size, digest = copied(content, path, limits.largest_upload())
    except BaseException:
        folder.remove(run_id)
        raise
    return Upload(run_id, Path(name).name[:255], size, digest)


def begin_import(asked: ImportAsked, file: Upload | str, request: HttpRequest) -> Transfer:
    """The dry run of a file that was uploaded, or of a path in the import folder.

    Raises NotThere for a path that is no file there, NotNow for an upload that is a run already, FilesAway, OSError.
    """
    known: dict[str, Any]
    if isinstance(file, Upload):
        path, size = "", file.size
        known = {"id": file.run_id, "file_name": file.name, "file_size": size, "file_sha256": file.sha256}
        if Transfer.objects.filter(pk=file.run_id).exists():
            raise NotNow(_("This file was taken already."))
    else:
        with inbox.opened(file) as opened:  # so that a name that is wrong is said at once
            size = opened.seek(0, 2)
        path, run_id = file, uuid4()
        known = {"id": run_id, "file_name": file.rsplit("/", 1)[-1][:255]}
        folder.make(run_id)
    run = Transfer(
        kind=Transfer.Kind.IMPORT,
        state=Transfer.State.CHECKING,
        asked={"form": asked.form.value, "source": asked.source, "mapping": asked.mapping, "path": path},
        whole=size,
        **known,
        **_asked_by(request),
    )
    return _begun(run, request, "checked")


def confirm(run: Transfer, request: HttpRequest) -> None:
    """Lets an import begin whose dry run is over. Raises NotNow if it does not wait for that any more."""
    person = _person(request)
    with transaction.atomic():
        moved = Transfer.objects.filter(pk=run.pk, state=Transfer.State.CHECKED, file_removed_at=None).update(
            state=Transfer.State.RUNNING,
            confirmed_by=person.pk,
            confirmed_by_name=person.get_username(),
            confirmed_at=timezone.now(),
            moved_at=timezone.now(),
            attempts=0,
            rows=0,
            done=0,
        )
        if not moved:
            raise NotNow(_("This import does not wait for a decision any more."))
        audit.record("imported", user=person, request=request, run=str(run.pk), step="begun", **run.details)


def cancel(run: Transfer, request: HttpRequest) -> None:
    """Ends a run: at once if it waits, else after the step at hand. Raises NotNow if it has ended already."""
    person, now = _person(request), timezone.now()
    asked = {"cancel_requested_at": now, "cancelled_by_name": person.get_username()}
    still = Transfer.objects.filter(pk=run.pk, finished_at=None, cancel_requested_at=None)
    with transaction.atomic():
        ended = still.filter(state=Transfer.State.CHECKED).update(
            state=Transfer.State.CANCELLED, finished_at=now, moved_at=now, **asked
        )
        if not ended and not still.filter(state__in=Transfer.DRIVEN).update(**asked):
            raise NotNow(_("This run has ended already."))
        what = "imported" if run.kind == Transfer.Kind.IMPORT else "exported"
        audit.record(what, user=person, request=request, run=str(run.pk), step="cancelled", **run.details)


def begin_export(
    wanted: LedgerFilter, form: ExportForm, request: HttpRequest, *, with_metadata: bool = False
) -> Transfer:
    """An export of the ledger as it is now: on its way, or done if it is small, and then to be sent by `streamed`.

    What is sent at once is counted first, so that the audit has its rows before anything is sent. Raises FilesAway
    for a long one where no folder is configured, OSError.
    """
    ranges = wanted.ranges()
    whole = sum(map(len, ranges))
    run = Transfer(
        id=uuid4(),
        kind=Transfer.Kind.EXPORT,
        state=Transfer.State.RUNNING,
        asked={
            "form": form.value,
            "filters": wanted.kept(),
            "with_metadata": with_metadata,
            "ranges": [[each.partition, each.after, each.upto] for each in ranges],
        },
        file_name=_export_name(wanted, form),
        whole=whole,
        **_asked_by(request),
    )
    if whole > limits.DIRECT_EVENTS:
        folder.make(run.pk)
        return _begun(run, request, "asked for")
    return _begun(_done_at_once(run, wanted, ranges), request, "sent")


def _done_at_once(run: Transfer, wanted: LedgerFilter, ranges: Iterable[Range]) -> Transfer:
    run.asked["direct"] = True
    run.state = Transfer.State.DONE
    run.rows = wanted.count(list(ranges))
    run.done = run.whole
    run.finished_at = run.file_removed_at = run.folder_removed_at = timezone.now()
    return run


def _begun(run: Transfer, request: HttpRequest, step: str) -> Transfer:
    what = "imported" if run.kind == Transfer.Kind.IMPORT else "exported"
    rows = {"rows": run.rows} if run.has_ended else {}
    booking_id = run.asked.get("filters", {}).get("booking_id")
    with transaction.atomic():
        run.save(force_insert=True)
        audit.record(
            what,
            user=request.user,
            request=request,
            booking_id=booking_id,
            run=str(run.pk),
            step=step,
            **rows,
            **run.details,
        )
    return run


def _asked_by(request: HttpRequest) -> dict[str, object]:
    person = _person(request)
    return {
        "requested_by": person.pk,
        "requested_by_name": person.get_username(),
        "request_id": (getattr(request, "request_id", "") or "")[:128],
    }


def _person(request: HttpRequest) -> User:
    assert request.user.is_authenticated  # noqa: S101 - the admin's pages are for nobody else
    return request.user


def _export_name(wanted: LedgerFilter, form: ExportForm) -> str:
    """Says what is in it, in characters that every file system takes."""
    parts = [
        "fare-events",
        wanted.booking_id.replace(":", "-"),
        wanted.component,
        wanted.source,
        wanted.currency,
    ]
    parts += ["corrections"] if wanted.corrections else []
    parts += [f"from-{wanted.since:%Y%m%d}"] if wanted.since else []
    parts += [f"until-{wanted.until:%Y%m%d}"] if wanted.until else []
    return "-".join(filter(None, [*parts, f"{timezone.now():%Y%m%d-%H%M%S}"])) + f".{form.value}"
