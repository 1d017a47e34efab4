"""What a person asks of the past: a version, what we knew at a time, what had happened by a time."""

from __future__ import annotations

from urllib.parse import urlencode

from django import forms
from django.utils.translation import gettext_lazy

from events.admin.instant_field import InstantField
from events.api.representation import time_as_json
from events.as_of import Bounds
from events.new_event import MAX_VERSION


class VersionField(forms.IntegerField):
    """A version from `least` on, or none."""

    def __init__(self, least: int) -> None:
        super().__init__(
            required=False,
            min_value=least,
            max_value=MAX_VERSION,
            widget=forms.NumberInput(attrs={"class": "fh-input", "inputmode": "numeric"}),
            error_messages=dict.fromkeys(
                ("invalid", "min_value", "max_value"), gettext_lazy("Write a version, such as 3.")
            ),
        )


class AsOfForm(forms.Form):
    """Bounds of a past state; all of them may be left empty. The names are those of the API's parameters."""

    version = VersionField(1)
    recorded_before = InstantField()
    occurred_before = InstantField()

    @property
    def bounds(self) -> Bounds:
        """What was asked for, once it is valid."""
        return Bounds(**self.cleaned_data)


def as_of_query(bounds: Bounds) -> str:
    """The bounds as the query of a permalink, without a question mark; empty for the fare of now."""
    asked = {
        "version": bounds.version,
        "recorded_before": bounds.recorded_before and time_as_json(bounds.recorded_before),
        "occurred_before": bounds.occurred_before and time_as_json(bounds.occurred_before),
    }
    return urlencode({name: value for name, value in asked.items() if value is not None}, safe=":")
