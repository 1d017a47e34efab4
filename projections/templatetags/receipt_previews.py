"""The receipt on the pages of corrections: those belong to the write side, which knows none, so the template asks."""

from __future__ import annotations

from typing import Any

from django import template

from events.corrections import Outcome
from projections.receipts.previewing import preview

register = template.Library()


@register.inclusion_tag("corrections/receipts.html")
def receipts_before_and_after(outcome: Outcome, description: str, before: str, after: str) -> dict[str, Any]:
    """What the customer reads before and after a correction; `before`, `after`: what the two are called."""
    shown = preview(outcome, description)
    return {"receipts": [(before, shown.before), *([(after, shown.after)] if shown.after else [])]}
