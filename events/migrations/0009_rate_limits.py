"""A rate limit of its own for a key.

A column that may be NULL is added without touching the rows, so its lock is held for a moment only; keys made by
processes of before have none.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0008_transfer_folders"),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="rate_limit",
            field=models.IntegerField(
                blank=True,
                help_text="requests that it may make in FAREHISTORY_RATE_WINDOW; absent: the default",
                null=True,
            ),
        ),
    ]
