"""Names of the addresses, and permissions."""

from __future__ import annotations

from typing import Final

CHANGELIST: Final = "events_transfer_changelist"
CHANGE: Final = "events_transfer_change"
IMPORT: Final = "events_transfer_import"
EXPORT: Final = "events_transfer_export"
CONFIRM: Final = "events_transfer_confirm"
CANCEL: Final = "events_transfer_cancel"
DOWNLOAD: Final = "events_transfer_download"
ROWS: Final = "events_transfer_rows"
REFUSED: Final = "events_transfer_refused"

MAY_VIEW: Final = "events.view_transfer"
MAY_IMPORT: Final = "events.import_fares"
MAY_EXPORT: Final = "events.export_ledger"
MAY_EXPORT_METADATA: Final = "events.export_metadata"
