"""What a rebuild's state, progress and outcome are called."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events import partitions
from projections.admin import spans
from projections.models import Rebuild
from projections.rebuild import Progress

State = Rebuild.State


def building(at: Progress) -> list[str]:
    """How far the computing is: events, rate, what is left."""
    texts = [
        _("%(done)s of %(all)s events")
        % {"done": spans.count(at.events_done), "all": spans.count(at.events_total)}
    ]
    if at.rate is not None:
        texts.append(_("%(rate)s a second") % {"rate": spans.count(round(at.rate))})
    if at.eta_seconds is not None:
        texts.append(_("%(span)s left") % {"span": spans.span(at.eta_seconds)})
    return texts


def sentence(run: Rebuild, title: str) -> str:
    """What the state means for those who read the view."""
    differ = differences(run.differences)
    if run.cancel_requested_at and not run.finished:
        return _("It ends with the step at hand. The view that is read is not touched.")
    match State(run.state):
        case State.BUILDING:
            return _("A second copy is being computed from the ledger. Everybody reads the present one.")
        case State.COMPARING:
            return _("The copy is complete and is being compared with the one that is read.")
        case State.WAITING:
            return _(
                "The new version gives other rows: %(differ)s. Nothing is swapped in until somebody accepts;"
                " until then the present one is read."
            ) % {"differ": differ}
        case State.SWAPPING:
            return _("The copy is being swapped in.")
        case State.DONE if run.differences:
            parts = {"title": title, "differ": differ}
            return _("%(title)s was computed anew and swapped in; %(differ)s found and put right.") % parts
        case State.DONE:
            return _("%(title)s was computed anew, was equal row by row, and was swapped in.") % {
                "title": title
            }
        case State.COMPARED:
            return _("It only compared: %(differ)s. Nothing was changed.") % {"differ": differ}
        case State.CANCELLED:
            return _("It was cancelled. The view that is read was not touched.")
        case State.FAILED:
            return _("It failed. The view that is read was not touched.")


def differences(number: int) -> str:
    """ "no differences", "1 difference", "1,200 differences"."""
    if not number:
        return _("no differences")
    return ngettext("%(number)s difference", "%(number)s differences", number) % {
        "number": spans.count(number)
    }


def kind(run: Rebuild) -> str:
    """What it does at its end."""
    if run.dry_run:
        return _("only compares")
    return _("swaps in whatever differs") if run.accept else _("swaps in; a new version waits for acceptance")


def partitions_text(numbers: list[int]) -> str:
    """All of a ledger are told as a number, some as spans: "64", "0-7, 12"."""
    if len(numbers) == partitions.count():
        return _("all %(number)s") % {"number": len(numbers)}
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(one[0]) if len(one) == 1 else f"{one[0]}-{one[-1]}" for one in runs)
