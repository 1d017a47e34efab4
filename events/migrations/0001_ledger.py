"""The ledger's schema, triggers, functions, and the application's rights. There is no way back: it would drop
the ledger."""

from django.db import migrations

from events.sql import ddl
from events.sql_migration import run_ddl


class Migration(migrations.Migration):
    initial = True
    operations = [run_ddl(ddl, "ledger_v1", "append_only_v1", "canonical_text_v1", "append_v1", "rights_v1")]
