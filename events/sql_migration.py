"""Migrations that run a file of `sql/ddl`: the current SQL stands in one place, the migration only names it."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import RunPython
from django.db.migrations.state import StateApps

Ddl = Callable[..., str]


def run_ddl(ddl: Ddl, *names: str, undo: str | None = None) -> RunPython:
    """Runs these files of a `sql/ddl` in order; `undo` is one statement, None where there is no way back."""

    def forwards(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
        for name in names:
            text = ddl(
                name,
                application=settings.FAREHISTORY_APPLICATION_ROLE,
                partitions=settings.FAREHISTORY_PARTITIONS,
            )
            schema_editor.execute(text, params=None)

    def backwards(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
        schema_editor.execute(str(undo), params=None)

    return RunPython(forwards, None if undo is None else backwards)
