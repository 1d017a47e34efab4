"""An index of corrections that wait, by when they expire. Built beside running work; it can be taken away again.

Interrupted, it leaves an index that is of no use: run again, it takes that one away first.
"""

from django.db import migrations

from events.sql import ddl
from events.sql_migration import run_ddl

_AWAY = "DROP INDEX CONCURRENTLY IF EXISTS ledger.correction_waiting"


class Migration(migrations.Migration):
    atomic = False  # CONCURRENTLY has transactions of its own

    dependencies = [
        ("events", "0006_key_rotation"),
    ]

    operations = [
        migrations.RunSQL(_AWAY, migrations.RunSQL.noop),
        run_ddl(ddl, "corrections_waiting_v1", undo=_AWAY),
    ]
