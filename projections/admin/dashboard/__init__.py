"""The start page of the admin: cards on whether all is well and what waits, each for those who may see it.

A card is computed by a function of its own. One that fails shows its error and leaves the others alone; what was last
known stays on it, with its age. Nothing here counts the ledger: the page costs the same at any size.
"""

from __future__ import annotations

from projections.admin.dashboard.start_page import index_context

__all__ = ["index_context"]
