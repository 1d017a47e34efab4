"""The extension that finds parts of booking ids. Where it cannot be had, the rest of the search goes on without."""

import logging

import psycopg
from django.db import DatabaseError, migrations, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from projections.sql import statement

logger = logging.getLogger(__name__)

CANNOT_BE_HAD = (
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.FeatureNotSupported,
    psycopg.errors.UndefinedFile,
    psycopg.errors.InvalidSchemaName,
)


def install(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    try:
        with transaction.atomic(using=schema_editor.connection.alias):
            schema_editor.execute(statement("ddl/trigrams_v1"), params=None)
    except DatabaseError as error:
        if not isinstance(error.__cause__, CANNOT_BE_HAD):
            raise
        logger.warning(
            "parts of booking ids will not be searched: the extension pg_trgm cannot be had (%s)."
            " See docs/operating.md",
            str(error).strip(),
        )


class Migration(migrations.Migration):
    dependencies = [("projections", "0007_receipt_add_permission")]
    # On the way back it stays: somebody else may use it by then.
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
