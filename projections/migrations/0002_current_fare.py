from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from projections.sql import ddl


def create_table(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema_editor.execute(ddl("current_fare_v1", application=settings.FAREHISTORY_APPLICATION_ROLE), params=None)


def drop(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema_editor.execute("DROP TABLE projection.current_fare")


class Migration(migrations.Migration):
    dependencies = [("projections", "0001_projection")]
    operations = [migrations.RunPython(create_table, drop)]
