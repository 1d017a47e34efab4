"""Repairs, carried out in this process as a worker does."""

from __future__ import annotations

from typing import Any

from projections import repairs
from projections.models import Repair


def repaired(answer: Any) -> str:
    """Carries out the repair that an answer of the admin leads to; its page's address."""
    address: str = answer["Location"]
    assert "/repair/" in address, address
    repairs.run(repair_of(answer).pk)
    return address


def repair_of(answer: Any) -> Repair:
    """The repair that an answer of the admin leads to."""
    return repairs.get(answer["Location"].rstrip("/").rpartition("/")[2])
