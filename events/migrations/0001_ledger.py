"""The ledger's schema, its triggers, its functions and the application's rights, from `events/sql/ddl`.

There is no way back: undoing it would drop the ledger.
"""

from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from events.sql import ddl

STEPS = ("ledger_v1", "append_only_v1", "canonical_text_v1", "append_v1", "rights_v1")


def create_ledger(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for step in STEPS:
        schema_editor.execute(
            ddl(
                step,
                application=settings.FAREHISTORY_APPLICATION_ROLE,
                partitions=settings.FAREHISTORY_PARTITIONS,
            ),
            params=None,
        )


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [migrations.RunPython(create_ledger)]
