"""What an entry of the audit says in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import AuditEntry
from events.wording import capitalised

ACTION_WORDS: Final = {
    "logged_in": gettext_lazy("Logged in"),
    "log_in_failed": gettext_lazy("Failed to log in"),
    "locked_out": gettext_lazy("Was locked out"),
    "unlocked": gettext_lazy("Unlocked a log-in"),
    "logged_out": gettext_lazy("Logged out"),
    "password_changed": gettext_lazy("Changed a password"),
    "second_factor_added": gettext_lazy("Set up a second factor"),
    "second_factor_passed": gettext_lazy("Gave the right code"),
    "second_factor_failed": gettext_lazy("Gave a wrong code"),
    "second_factor_removed": gettext_lazy("Removed a second factor"),
    "recovery_codes_made": gettext_lazy("Made new recovery codes"),
    "searched": gettext_lazy("Searched"),
    "metadata_read": gettext_lazy("Read metadata"),
    "raw_read": gettext_lazy("Read raw JSON"),
    "exported": gettext_lazy("Exported"),
    "imported": gettext_lazy("Imported"),
    "correction_proposed": gettext_lazy("Proposed a correction"),
    "correction_approved": gettext_lazy("Approved a correction"),
    "correction_rejected": gettext_lazy("Rejected a correction"),
    "correction_withdrawn": gettext_lazy("Withdrew a correction"),
    "receipt_issued": gettext_lazy("Issued a receipt"),
    "key_created": gettext_lazy("Created an API key"),
    "key_rotated": gettext_lazy("Rotated an API key"),
    "key_revoked": gettext_lazy("Revoked an API key"),
    "projection_paused": gettext_lazy("Paused a projection"),
    "projection_resumed": gettext_lazy("Resumed a projection"),
    "projection_retried": gettext_lazy("Retried what was set aside"),
    "projection_repaired": gettext_lazy("Put drift right"),
    "rebuild_started": gettext_lazy("Asked for a rebuild"),
    "rebuild_accepted": gettext_lazy("Accepted a rebuild"),
    "rebuild_cancelled": gettext_lazy("Cancelled a rebuild"),
    "schedule_run": gettext_lazy("Ran a schedule by hand"),
    "setting_added": gettext_lazy("Added a setting"),
    "setting_changed": gettext_lazy("Changed a setting"),
    "setting_deleted": gettext_lazy("Deleted a setting"),
    "audit_read": gettext_lazy("Looked through the audit"),
    "audit_trimmed": gettext_lazy("Removed old entries of the audit"),
}
"""Every action of `events.audit.ACTIONS`, in the order in which the page offers them."""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One entry, as a row of the list."""

    entry: AuditEntry

    @property
    def what(self) -> str:
        return str(ACTION_WORDS.get(self.entry.action) or capitalised(self.entry.action))

    @property
    def who(self) -> str:
        return self.entry.user_name or _("nobody known")

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The details, each with its name in words."""
        return [(capitalised(name), _text(value)) for name, value in self.entry.details.items()]


def _text(value: Any) -> str:
    if value is None or value == "":
        return _("none")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):
        return _joined(f"{capitalised(name)} {_text(each)}" for name, each in value.items())
    if isinstance(value, list):
        return _joined(map(_text, value))
    return str(value)


def _joined(texts: Iterable[str]) -> str:
    return ", ".join(texts) or _("none")
