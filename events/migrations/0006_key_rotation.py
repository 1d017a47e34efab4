"""Which key replaces which, and the right to make keys in somebody else's name.

The table holds a row per key that was ever made, so its locks are held for a moment only. On the way back it is
forgotten what a rotated key was replaced by; every key works on for as long as it was to.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0005_transfers"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="apikey",
            options={
                "permissions": (
                    ("bind_apikey", "Can make API keys that correct fares in somebody else's name"),
                ),
                "verbose_name": "API key",
            },
        ),
        migrations.AlterField(
            model_name="apikey",
            name="last_used_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="to the minute: it is noted at most once in one",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="replaces",
            field=models.OneToOneField(
                blank=True,
                editable=False,
                help_text="the key that it was made for in a rotation; one at most, so two at once make one",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="successor",
                to="events.apikey",
            ),
        ),
    ]
