"""What a rebuild's state, progress and outcome are called."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events import partitions
from projections.admin import spans
from projections.models import Rebuild
from projections.rebuild import Progress
from projections.wording import words

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


def sentence(run: Rebuild, title: str, *, is_expected: bool = False) -> str:
    """What the state means for those who read the view. `is_expected`: the differences are to a version before."""
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
        case State.SWAPPING if run.is_partial:
            return _("The rows that differ are being put right where they are.")
        case State.SWAPPING:
            return _("The copy is being swapped in.")
        case State.DONE:
            return _done(run, is_expected) % {"title": title, "differ": differ}
        case State.COMPARED:
            return _("It only compared: %(differ)s. Nothing was changed.") % {"differ": differ}
        case State.CANCELLED:
            return _("It was cancelled. The view that is read was not touched.")
        case State.FAILED:
            return _("It failed. The view that is read was not touched.")


def _done(run: Rebuild, is_expected: bool) -> str:
    """With places for the title and the differences."""
    if run.is_partial and run.differences:
        return _(
            "Some partitions of %(title)s were computed anew; %(differ)s found and put right where the rows are."
            " Nothing was swapped."
        )
    if run.is_partial:
        return _(
            "Some partitions of %(title)s were computed anew and were equal row by row. Nothing was changed."
        )
    if run.differences and is_expected:
        return _("%(title)s was swapped in as the new version gives it; %(differ)s were expected of it.")
    if run.differences:
        return _("%(title)s was computed anew and swapped in; %(differ)s found and put right.")
    return _("%(title)s was computed anew, was equal row by row, and was swapped in.")


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
    if run.is_partial:
        return _("puts rows right where they are")
    if run.accept:
        return _("swaps in, also a new version")
    return _("swaps in; a new version waits for acceptance")


def version(text: str) -> str:
    """A version as it is read: "1:customer_id,order_id" is "1 (customer ID, order ID)"."""
    return ", ".join(_one_version(one) for one in text.split(", "))


def _one_version(text: str) -> str:
    number, colon, keys = text.partition(":")
    return f"{number} ({', '.join(words(key) for key in keys.split(','))})" if colon else text


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
