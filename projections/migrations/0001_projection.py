from django.db import migrations

from events.sql_migration import run_ddl
from projections.sql import ddl


class Migration(migrations.Migration):
    initial = True
    dependencies = [("events", "0001_ledger")]
    operations = [run_ddl(ddl, "projection_v1", undo="DROP SCHEMA projection CASCADE")]
