"""The back office's pages about the ledger itself, and what the pages of all apps share (`pages`)."""

from events.admin.audit import AuditAdmin
from events.admin.correction_rules import CorrectionLimitAdmin, ReasonCodeAdmin
from events.admin.corrections import CorrectionAdmin
from events.admin.keys import ApiKeyAdmin
from events.admin.transfers import TransferAdmin

__all__ = [
    "ApiKeyAdmin",
    "AuditAdmin",
    "CorrectionAdmin",
    "CorrectionLimitAdmin",
    "ReasonCodeAdmin",
    "TransferAdmin",
]
