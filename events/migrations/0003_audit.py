"""The audit of staff. There is no way back: it would drop what was noted."""

from django.db import migrations, models

from events.sql import ddl
from events.sql_migration import run_ddl


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0002_models"),
    ]

    operations = [
        run_ddl(ddl, "audit_v1"),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigIntegerField(editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("user_id", models.BigIntegerField(null=True)),
                ("user_name", models.CharField(max_length=150)),
                ("action", models.CharField(max_length=48)),
                ("booking_id", models.CharField(max_length=64, null=True)),
                ("details", models.JSONField()),
                ("request_id", models.CharField(max_length=128, null=True)),
                ("address", models.GenericIPAddressField(null=True)),
            ],
            options={
                "db_table": '"ledger"."audit_entry"',
                "verbose_name": "audit entry",
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
    ]
