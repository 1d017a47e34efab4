"""Files go when their time is over: what was imported, what was exported, what an upload left that became no run.

The lists of an import's rows stay longer, and the record for good.
"""

from __future__ import annotations

import logging
import shutil
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from events.transfers import folder, limits
from events.transfers.models import Transfer

ORPHANS_KEPT: Final = timedelta(days=1)
"""For how long a folder that no run has is left: a form is perhaps still being filled in."""

_AT_ONCE: Final = 500

logger = logging.getLogger(__name__)


def remove_old_files() -> int:
    """Removes what has expired, some of it at a time; answers how many runs lost their files."""
    if not folder.is_on():
        return 0
    expired = Transfer.objects.filter(
        Q(state__in=Transfer.ENDED) | Q(state=Transfer.State.CHECKED),
        file_removed_at=None,
        moved_at__lt=timezone.now() - limits.files_kept(),
    )
    runs = list(expired.order_by("moved_at")[:_AT_ONCE])
    for run in runs:
        _expire(run)
    _remove_folders()
    _remove_orphans()
    return len(runs)


def _expire(run: Transfer) -> None:
    """The row first: from then on nobody is offered the file, and nobody begins with it."""
    now = timezone.now()
    changes: dict[str, Any] = {"file_removed_at": now}
    if run.state == Transfer.State.CHECKED:
        why = _("Nobody decided within the time for which files are kept.")
        changes |= {"state": Transfer.State.CANCELLED, "finished_at": now, "error": why}
    still = Transfer.objects.filter(pk=run.pk, state=run.state, moved_at=run.moved_at)
    if still.update(**changes):
        folder.remove(run.pk, folder.IMPORTED, folder.EXPORTED, folder.SEEN)


def _remove_folders() -> None:
    """All that is left of old runs: the lists of rows, and the folder itself."""
    now = timezone.now()
    old = Transfer.objects.filter(
        state__in=Transfer.ENDED,
        file_removed_at__isnull=False,
        folder_removed_at=None,
        moved_at__lt=now - limits.lists_kept(),
    )
    for run in old.order_by("moved_at")[:_AT_ONCE]:
        if Transfer.objects.filter(pk=run.pk, folder_removed_at=None).update(folder_removed_at=now):
            folder.remove(run.pk)


def _remove_orphans() -> None:
    old = time.time() - ORPHANS_KEPT.total_seconds()
    for path in Path(settings.FAREHISTORY_TRANSFERS).glob("*-*-*-*-*"):
        try:
            run_id, is_old = UUID(path.name), path.stat().st_mtime < old
        except (ValueError, OSError):
            continue
        if is_old and not Transfer.objects.filter(pk=run_id).exists():
            logger.info("the folder of an upload that became no run is removed: %s", run_id)
            shutil.rmtree(path, ignore_errors=True)
