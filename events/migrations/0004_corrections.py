"""Corrections, their limits and reason codes, and the person whose rights an API key uses. There is no way back: it
would drop who decided what."""

from decimal import Decimal

import django.core.validators
from django.db import migrations, models

from events.sql import ddl
from events.sql_migration import run_ddl


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0003_audit"),
    ]

    operations = [
        run_ddl(ddl, "corrections_v1"),
        migrations.CreateModel(
            name="Correction",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("partition", models.SmallIntegerField()),
                ("booking_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": '"ledger"."correction"',
                "permissions": (
                    ("approve_correction", "Can approve and reject corrections"),
                    ("approve_large_correction", "Can approve corrections that need a lead"),
                ),
                "managed": False,
                "default_permissions": ("view", "add"),
            },
        ),
        migrations.CreateModel(
            name="CorrectionLimit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        max_length=3,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                r"\A[A-Z]{3}\Z", "A currency is three capital letters, such as SGD."
                            )
                        ],
                    ),
                ),
                (
                    "free_up_to",
                    models.DecimalField(
                        decimal_places=4,
                        default=Decimal(0),
                        help_text=(
                            "Of one booking all together, and of one person in one day (UTC). "
                            "0: a second person always."
                        ),
                        max_digits=20,
                        validators=[django.core.validators.MinValueValidator(Decimal(0))],
                        verbose_name="without a second person, up to",
                    ),
                ),
                (
                    "lead_above",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        help_text="Of one correction. Empty: whoever may approve may approve any amount.",
                        max_digits=20,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(Decimal(0))],
                        verbose_name="only by a lead, above",
                    ),
                ),
            ],
            options={
                "ordering": ["currency"],
                "default_permissions": ("view", "add", "change", "delete"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(free_up_to__gte=0)
                        & (models.Q(lead_above=None) | models.Q(lead_above__gte=models.F("free_up_to"))),
                        name="correction_limits_in_order",
                        violation_error_message=(
                            "The amount that needs a lead cannot be below the one that is free."
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReasonCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        max_length=48,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                r"\A[a-z][a-z0-9_]{0,47}\Z", "Letters a-z, digits and _, as in toll_twice."
                            )
                        ],
                    ),
                ),
                (
                    "label",
                    models.CharField(help_text="for staff, in the list to choose from", max_length=100),
                ),
                (
                    "text",
                    models.CharField(
                        help_text="a sentence; it is kept with the fare event",
                        max_length=500,
                        verbose_name="text for the customer",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Corrections that have it keep it.",
                        verbose_name="can be chosen",
                    ),
                ),
            ],
            options={
                "ordering": ["label"],
                "default_permissions": ("view", "add", "change"),
            },
        ),
        migrations.AddField(
            model_name="apikey",
            name="user_id",
            field=models.BigIntegerField(
                blank=True,
                help_text="the person whose rights it uses for corrections; none: it cannot decide",
                null=True,
            ),
        ),
    ]
