"""The back office's screens of corrections: propose, queue, review; and what the fare page shows of them
(`lines.of_booking`)."""

from events.admin.corrections.admin import CorrectionAdmin

__all__ = ["CorrectionAdmin"]
