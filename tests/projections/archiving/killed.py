"""What a child does until it is killed: one run of the archive, every touch of the disk a step."""

from __future__ import annotations

import os

from django.conf import settings
from django.db import connection

from tests.faults import step_too
from tests.projections.archiving.helpers import archive

ON_DISK = ("fsync", "replace", "rename", "unlink", "mkdir", "open")


def run(root: str, partition: str) -> None:
    settings.FAREHISTORY_ARCHIVE = root
    connection.ensure_connection()
    for name in ON_DISK:
        step_too(os, name)
    archive(partitions=[int(partition)])
