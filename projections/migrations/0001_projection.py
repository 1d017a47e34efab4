from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from projections.sql import ddl


def create_schema(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema_editor.execute(ddl("projection_v1", application=settings.FAREHISTORY_APPLICATION_ROLE), params=None)


def drop(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema_editor.execute("DROP SCHEMA projection CASCADE")


class Migration(migrations.Migration):
    initial = True
    dependencies = [("events", "0001_ledger")]
    operations = [migrations.RunPython(create_schema, drop)]
