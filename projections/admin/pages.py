"""What the back office's own pages share; it stands with the write side, whose pages use it too."""

from __future__ import annotations

from events.admin.pages import OwnPages, record, short

__all__ = ["OwnPages", "record", "short"]
