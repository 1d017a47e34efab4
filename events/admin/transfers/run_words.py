"""What the pages of imports and exports say."""

from __future__ import annotations

from typing import Any, Final

from django.utils.dateparse import parse_datetime
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.admin.facts import Fact
from events.importing.readers import Form
from events.importing.rows import Outcome
from events.models import Transfer
from events.transfers import limits
from events.transfers.counts import Counts
from events.wording import words

State = Transfer.State

_FORMS: Final = {
    Form.JSONL: gettext_lazy("fare events, JSON Lines"),
    Form.CSV: gettext_lazy("fare events, CSV"),
    Form.TLC: gettext_lazy("trip records"),
    Form.MAPPED: gettext_lazy("CSV with a mapping"),
}


def form_of_import(form: str) -> str:
    """How the file is read."""
    return str(_FORMS[Form(form)])


def rows(number: int) -> str:
    """ "1 row", "2,000 rows"."""
    return ngettext("%(number)s row", "%(number)s rows", number) % {"number": f"{number:,}"}


def events(number: int) -> str:
    """ "1 event", "2,000 events"."""
    return ngettext("%(number)s event", "%(number)s events", number) % {"number": f"{number:,}"}


def filters(asked: dict[str, Any]) -> str:
    """ "toll · by toll service · SGD · since 3 May 2026, 00:00"."""
    said = [
        asked.get("booking_id", ""),
        words(asked.get("component", "")),
        _("by %(source)s") % {"source": words(asked["source"])} if asked.get("source") else "",
        asked.get("currency", ""),
        _("corrections only") if asked.get("corrections") else "",
        _("since %(time)s") % {"time": _time(asked["since"])} if asked.get("since") else "",
        _("before %(time)s") % {"time": _time(asked["until"])} if asked.get("until") else "",
    ]
    return " · ".join(each for each in said if each)


def sentence(run: Transfer, counts: Counts) -> str:
    """What the state means."""
    if run.cancel_requested_at is not None and not run.has_ended:
        return _("It ends after the step at hand.")
    return _of_import(run, counts) if run.kind == Transfer.Kind.IMPORT else _of_export(run)


def stalled() -> str:
    """What is said where nobody is seen at work."""
    return _(
        "Nothing was seen of it for a while. A worker takes it up within a minute, from where it is; if none does, see"
        " whether worker, beat and broker run, and whether the schedule “go on with imports and exports” is on."
    )


def _of_import(run: Transfer, counts: Counts) -> str:
    accepted, refused = counts.rows(Outcome.IMPORTED), counts.refused
    if run.state == State.CHECKING:
        return _("The file is read and checked. Nothing is written to the ledger.")
    if run.state == State.CHECKED and not accepted:
        return _("The file was checked: no row of it would be new. There is nothing to import.")
    if run.state == State.CHECKED:
        return _(
            "The file was checked, and nothing is written yet. %(events)s would be appended. Only what others append"
            " to the same bookings meanwhile can change that."
        ) % {"events": events(counts.events)}
    if run.state == State.RUNNING:
        return _("Rows are appended to the ledger. You may leave this page; it goes on.")
    if run.state == State.DONE and refused:
        return _("%(events)s appended. %(rows)s refused: look at them below.") % {
            "events": events(counts.events),
            "rows": rows(refused),
        }
    if run.state == State.DONE:
        return _("%(events)s appended. Every row is in the ledger.") % {"events": events(counts.events)}
    return _ended_early(run, counts)


def _ended_early(run: Transfer, counts: Counts) -> str:
    if run.confirmed_at is None:
        return _("Nothing was written to the ledger.")
    return _(
        "Appended before it ended, and there to stay: %(events)s. Import the file again for the rest: what is in"
        " already is not repeated."
    ) % {"events": events(counts.events)}


def _of_export(run: Transfer) -> str:
    if run.state == State.RUNNING:
        return _("The file is being written. You may leave this page; it goes on.")
    if run.state == State.DONE and run.asked.get("direct"):
        return _("%(events)s sent at once. No file was kept.") % {"events": events(run.rows)}
    if run.state == State.DONE and run.file_removed_at:
        return _("%(events)s exported. The file has expired; export again to have a new one.") % {
            "events": events(run.rows)
        }
    if run.state == State.DONE:
        return _("The file has %(events)s.") % {"events": events(run.rows)}
    return _("There is no file.")


def tiles(accepted: int, duplicate: int, refused: int, *, is_dry: bool) -> list[tuple[str, str, str]]:
    """Number, what it counts, what that means."""
    in_it = (_("accepted"), _("would be imported")) if is_dry else (_("imported"), _("are in the ledger now"))
    return [
        (f"{accepted:,}", *in_it),
        (f"{duplicate:,}", _("duplicate"), _("in already, and not repeated")),
        (f"{refused:,}", _("refused"), _("with a reason for each")),
    ]


def groups(*, is_dry: bool) -> dict[Outcome, tuple[str, str]]:
    """Title and meaning of each group of rows."""
    return {
        Outcome.PARTLY: (
            _("Only partly in"),
            _("Some of a row’s events were appended before one was refused. Look at these bookings."),
        ),
        Outcome.REFUSED: (_("Refused rows"), _("Nothing of them is written.")),
        Outcome.REPLAYED: (
            _("Duplicate rows"),
            _("The ledger, or an earlier row of the file, has just these events."),
        ),
        Outcome.IMPORTED: (
            _("Accepted, with another total than their amounts"),
            _("They are taken as their amounts say; the stated total is kept as metadata."),
        ),
    }


def facts(run: Transfer) -> list[Fact]:
    """What there is to know of a run."""
    found = [
        Fact(_("Asked for by"), run.requested_by_name),
        Fact(_("Asked for"), at=run.started_at),
    ]
    if run.confirmed_at:
        found += [
            Fact(_("Import begun by"), run.confirmed_by_name),
            Fact(_("Import begun"), at=run.confirmed_at),
        ]
    if run.cancelled_by_name:
        found.append(Fact(_("Cancelled by"), run.cancelled_by_name))
    if run.finished_at:
        found.append(Fact(_("Ended"), at=run.finished_at))
    found += _of_the_file(run)
    if run.kind == Transfer.Kind.IMPORT:
        found += _how_it_is_read(run)
    else:
        found += [
            Fact(_("Events"), filters(run.asked["filters"]) or _("the whole ledger")),
            Fact(_("Form"), _("CSV") if run.asked["form"] == "csv" else _("JSON Lines")),
            Fact(_("Metadata"), _("in the file") if run.asked["with_metadata"] else _("left out")),
            Fact(_("Events looked at"), f"{run.whole:,}"),
        ]
    if run.request_id:
        found.append(Fact(_("Request id"), run.request_id, is_code=True))
    return found


def _how_it_is_read(run: Transfer) -> list[Fact]:
    found = [Fact(_("Read as"), form_of_import(run.asked["form"]))]
    if run.asked.get("source"):
        found.append(Fact(_("Source of the events"), run.asked["source"]))
    if run.asked.get("path"):
        found.append(Fact(_("In the import folder"), run.asked["path"], is_code=True))
    # What every event of the run carries, to be found in the ledger and the logs.
    found.append(Fact(_("Request id of its events"), f"import:{run.pk}:…", is_code=True))
    return found


def _of_the_file(run: Transfer) -> list[Fact]:
    found = [Fact(_("File"), run.file_name, is_code=True)]
    if run.file_size is not None:
        found.append(Fact(_("Size"), size(run.file_size)))
    if run.file_sha256:
        found.append(Fact("SHA-256", run.file_sha256, is_code=True))
    # An export that did not come to its end left nothing that anybody could have.
    has_one = run.kind == Transfer.Kind.IMPORT or (run.state == State.DONE and not run.asked.get("direct"))
    if has_one and run.file_removed_at:
        found.append(Fact(_("File removed"), at=run.file_removed_at))
    elif has_one and run.finished_at:
        found.append(Fact(_("File is kept until"), at=run.finished_at + limits.files_kept()))
    if run.folder_removed_at and run.kind == Transfer.Kind.IMPORT:
        found.append(Fact(_("Lists of rows removed"), at=run.folder_removed_at))
    return found


def size(number: int) -> str:
    """ "812 bytes", "1.3 MB (1,319,877 bytes)"."""
    exact = ngettext("%(number)s byte", "%(number)s bytes", number) % {"number": f"{number:,}"}
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if number >= unit:
            return f"{number / unit:.1f} {name} ({exact})"
    return exact


def _time(text: str) -> str:
    instant = parse_datetime(text)
    return "" if instant is None else f"{localtime(instant):%Y-%m-%d %H:%M %Z}"
