from django.db import migrations

from events.sql_migration import run_ddl
from projections.sql import ddl


class Migration(migrations.Migration):
    dependencies = [("projections", "0001_projection")]
    operations = [run_ddl(ddl, "current_fare_v1", undo="DROP TABLE projection.current_fare")]
