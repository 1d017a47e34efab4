"""Imports and exports in the admin: the list of runs, a page for each, and the two forms that begin one."""

from events.admin.transfers.admin import TransferAdmin

__all__ = ["TransferAdmin"]
