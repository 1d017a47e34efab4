"""Who may issue a receipt has a permission of its own."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("projections", "0006_drift_found_again"),
    ]

    operations = [
        migrations.AlterModelOptions(name="receipt", options={"default_permissions": ("view", "add")}),
    ]
