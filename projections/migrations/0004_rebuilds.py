from django.db import migrations

from events.sql_migration import run_ddl
from projections.sql import ddl


class Migration(migrations.Migration):
    dependencies = [("projections", "0003_models")]
    operations = [
        run_ddl(
            ddl,
            "rebuilds_v1",
            undo="DROP SCHEMA projection_next, projection_old, projection_check CASCADE;"
            " DROP TABLE projection.set_aside; ALTER TABLE projection.checkpoint DROP COLUMN version",
        )
    ]
