"""What was done, and why something was not, for whoever pressed the button."""

from __future__ import annotations

from django.utils.translation import gettext as _

from events import history
from events.corrections import Needs, State
from events.corrections.models import Correction
from events.errors import LedgerError, Unavailable
from events.wording import money_text


def proposed_text(correction: Correction) -> str:
    """That it is kept, and what comes next."""
    if correction.state == State.APPROVED:
        return decided_text(correction)
    if correction.needs == Needs.LEAD:
        return _("Proposed. It waits for a lead, who will find it among the corrections to approve.")
    return _("Proposed. It waits for a second person, who will find it among the corrections to approve.")


def decided_text(correction: Correction) -> str:
    """What became of it."""
    if correction.state == State.REJECTED:
        return _("Rejected. The fare stays as it is.")
    if correction.state == State.WITHDRAWN:
        return _("Withdrawn. The fare stays as it is.")
    event = history.event_of(correction.booking_id, correction.event_version or 0)
    fare = {
        "fare": money_text(event.fare, event.currency, event.exponent),
        "version": event.version,
    }
    if correction.needs == Needs.NOBODY:
        return _("Corrected at once, within the limit. The fare is %(fare)s, at version %(version)d.") % fare
    return _("Approved. The fare is %(fare)s, at version %(version)d.") % fare


def refusal_text(error: LedgerError) -> str:
    """Why a decision was refused."""
    texts = {
        "required": _("Say why: whoever proposed it will read it."),
        "too_long": _("This is too long: at most 2,000 characters are kept."),
        "control_character": _("This has characters that cannot be kept; type it anew."),
    }
    if isinstance(error, Unavailable):
        return _(
            "The database did not answer in time. Press again: it is done once, however often you press."
        )
    code = error.errors[0].code if error.errors else ""
    return texts.get(code, error.detail)
