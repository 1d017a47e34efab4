"""Receipts: the breakdown of a fare as a person reads it, numbered, never changed once issued."""

from projections.receipts.issuing import UnknownReceipt, has_receipt, issue, of_number
from projections.receipts.schedule import issue_due

__all__ = ["UnknownReceipt", "has_receipt", "issue", "issue_due", "of_number"]
