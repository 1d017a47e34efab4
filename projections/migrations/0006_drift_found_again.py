from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projections", "0005_rebuild_models")]

    operations = [
        migrations.AddField(
            model_name="drift",
            name="found_again",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="a later finding about the same row takes its place on the list",
            ),
        ),
        migrations.RemoveIndex(model_name="drift", name="drift_open"),
        migrations.AddIndex(
            model_name="drift",
            index=models.Index(
                condition=models.Q(("found_again", False), ("is_expected", False), ("put_right_at", None)),
                fields=["projection", "partition", "booking_id"],
                name="drift_open",
            ),
        ),
        migrations.AlterField(
            model_name="driftwalk",
            name="proven_at",
            field=models.DateTimeField(
                help_text="when the last walk or rebuild began that found no drift, or put it right",
                null=True,
            ),
        ),
    ]
