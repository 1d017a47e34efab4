"""What may be how large, and for how long files are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings

MEGABYTE: Final = 1_000_000

LARGEST_MAPPING: Final = 64 * 1024
"""Bytes of a mapping: some fifty columns take four."""

LARGEST_LIST: Final = 500 * MEGABYTE
"""Bytes of a dry run's list of rows, some two million of them: what has more is no file of fares, or a bomb."""

DIRECT_EVENTS: Final = 20_000
"""An export that has to look at no more events than this is sent at once; it takes a second or two."""


def largest_upload() -> int:
    """Bytes of a file that comes by the browser."""
    return int(settings.FAREHISTORY_UPLOAD_MEGABYTES) * MEGABYTE


def largest_import() -> int:
    """Bytes of a file that lies in the import folder, as it lies there. Each step reads over what is done already."""
    return int(settings.FAREHISTORY_IMPORT_MEGABYTES) * MEGABYTE


def lists_kept() -> timedelta:
    """The same for the lists of an import's rows, which are all that is left of a run's folder by then."""
    return max(files_kept(), timedelta(days=settings.FAREHISTORY_ROW_LIST_DAYS))


def files_kept() -> timedelta:
    """For how long after a run's last step its file is kept."""
    return timedelta(days=settings.FAREHISTORY_TRANSFER_DAYS)
