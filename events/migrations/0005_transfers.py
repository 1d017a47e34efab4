"""Imports and exports, as runs that go on in steps and stay as records."""

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0004_corrections"),
    ]

    operations = [
        migrations.CreateModel(
            name="Transfer",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(choices=[("import", "Import"), ("export", "Export")], max_length=6),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("checking", "Checking"),
                            ("checked", "checked, waiting for a decision"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("cancelled", "Cancelled"),
                            ("failed", "Failed"),
                        ],
                        max_length=9,
                    ),
                ),
                (
                    "asked",
                    models.JSONField(
                        default=dict, help_text="how the file is read, or which events are taken out and how"
                    ),
                ),
                ("file_name", models.CharField(blank=True, max_length=255)),
                (
                    "file_size",
                    models.BigIntegerField(
                        help_text="in bytes; none: not known yet, or there is no file", null=True
                    ),
                ),
                ("file_sha256", models.CharField(blank=True, max_length=64)),
                ("file_removed_at", models.DateTimeField(null=True)),
                ("step", models.BigIntegerField(default=0, help_text="how many steps are done for good")),
                (
                    "attempts",
                    models.SmallIntegerField(default=0, help_text="how often the next step was begun"),
                ),
                ("reached", models.JSONField(default=dict, help_text="where the next step begins")),
                (
                    "done",
                    models.BigIntegerField(
                        default=0, help_text="of `whole`: bytes that were read, or events looked at"
                    ),
                ),
                ("whole", models.BigIntegerField(default=0)),
                ("rows", models.BigIntegerField(default=0, help_text="read from the file, or written to it")),
                (
                    "check_counts",
                    models.JSONField(help_text="what the dry run counted; none before its end", null=True),
                ),
                (
                    "counts",
                    models.JSONField(default=dict, help_text="what the present run has counted so far"),
                ),
                ("requested_by", models.BigIntegerField(null=True)),
                ("requested_by_name", models.CharField(max_length=150)),
                (
                    "confirmed_by",
                    models.BigIntegerField(help_text="who let the import begin after its dry run", null=True),
                ),
                ("confirmed_by_name", models.CharField(blank=True, max_length=150)),
                ("cancelled_by_name", models.CharField(blank=True, max_length=150)),
                ("request_id", models.CharField(blank=True, max_length=128)),
                ("started_at", models.DateTimeField(auto_now_add=True)),
                ("moved_at", models.DateTimeField(auto_now_add=True)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("cancel_requested_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("error", models.TextField(blank=True)),
            ],
            options={
                "verbose_name": "import or export",
                "verbose_name_plural": "imports and exports",
                "permissions": (
                    ("import_fares", "Can import fares from files"),
                    ("export_ledger", "Can export events of the ledger"),
                    ("export_metadata", "Can export metadata with them"),
                ),
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["-started_at", "-id"], name="transfer_latest"),
                    models.Index(fields=["kind", "-started_at", "-id"], name="transfer_latest_of_kind"),
                    models.Index(
                        condition=models.Q(("finished_at", None)),
                        fields=["moved_at"],
                        name="transfer_unfinished",
                    ),
                    models.Index(
                        condition=models.Q(("file_removed_at", None)),
                        fields=["moved_at"],
                        name="transfer_with_file",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["import", "export"])), name="transfer_kind_is_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("finished_at__isnull", False), ("state__in", ["done", "cancelled", "failed"])
                            ),
                            models.Q(
                                ("finished_at", None), ("state__in", ["checking", "checked", "running"])
                            ),
                            _connector="OR",
                        ),
                        name="transfer_ends_some_time",
                    ),
                ],
            },
        ),
    ]
