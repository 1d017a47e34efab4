from django.db import migrations


class Migration(migrations.Migration):
    """The tables of projectors are made by `projections.installation`, at the end of every `manage.py migrate`."""

    dependencies = [("projections", "0001_projection")]
    operations = []
