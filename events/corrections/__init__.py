"""Corrections: a fare is put right by one person and approved by another.

`preview` shows what a `Proposal` would do, `propose` keeps it; `review` shows a kept one as of now, `approve`, `reject`
and `withdraw` decide. Admin and API call these, and nothing else changes a correction.
"""

from events.corrections.deciding import approve, refusal_to_approve, reject, withdraw
from events.corrections.keeping import get, made_before
from events.corrections.models import Kind, Needs, State
from events.corrections.planning import Outcome, Planned, change_in_words
from events.corrections.previewing import Preview, Review, preview, review
from events.corrections.proposal import Proposal
from events.corrections.proposing import propose
from events.corrections.wording import asked_for, customer_text

__all__ = [
    "Kind",
    "Needs",
    "Outcome",
    "Planned",
    "Preview",
    "Proposal",
    "Review",
    "State",
    "approve",
    "asked_for",
    "change_in_words",
    "customer_text",
    "get",
    "made_before",
    "preview",
    "propose",
    "refusal_to_approve",
    "reject",
    "review",
    "withdraw",
]
