"""When the folder of an import or export was removed, with its lists of rows.

The table holds a row per run, so its locks are held for a moment only.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0007_waiting_corrections"),
    ]

    operations = [
        migrations.AddField(
            model_name="transfer",
            name="folder_removed_at",
            field=models.DateTimeField(
                null=True, help_text="since when nothing is left of its files, also not the lists of rows"
            ),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(
                condition=models.Q(("folder_removed_at", None)),
                fields=["moved_at"],
                name="transfer_with_folder",
            ),
        ),
    ]
