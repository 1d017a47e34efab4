"""The filters under the search box, as they stand in a page's address."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projections.admin.amount_terms import AmountTerms, amount_of
from projections.event_filter import EventFilter
from projections.fare_states import State

CORRECTED: Final = "corrected"
"""The state that is no list of its own: a filter on events."""
STATES: Final = {
    "": gettext_lazy("any"),
    CORRECTED: gettext_lazy("corrected"),
    State.BEHIND.value: gettext_lazy("behind the ledger"),
    State.SET_ASIDE.value: gettext_lazy("set aside"),
    State.DRIFT.value: gettext_lazy("drift found"),
}
_EARLIEST, _LATEST = date(1970, 1, 1), date(9998, 12, 31)


class AmountField(forms.CharField):
    """A fare, as people write one; it may be below zero."""

    def __init__(self) -> None:
        attributes = {"class": "fh-input", "inputmode": "decimal", "placeholder": "23.40", "size": "9"}
        super().__init__(required=False, max_length=24, widget=forms.TextInput(attrs=attributes))

    def clean(self, value: Any) -> Decimal | None:
        text = super().clean(value)
        amount = amount_of(text)
        if text and amount is None:
            raise ValidationError(_("Write an amount such as 23.40."))
        return amount


class DayField(forms.DateField):
    """A day of the calendar."""

    def __init__(self) -> None:
        super().__init__(
            required=False,
            input_formats=["%Y-%m-%d"],
            widget=forms.DateInput(attrs={"type": "date", "class": "fh-input"}),
            error_messages={"invalid": gettext_lazy("Write a day such as 2026-03-01.")},
        )

    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        if day is not None and not _EARLIEST <= day <= _LATEST:
            raise ValidationError(_("Write a day in the years 1970 to 9998."))
        return day


def _slug(suggestions: str) -> forms.CharField:
    attributes = {"class": "fh-input", "list": suggestions, "autocomplete": "off", "autocapitalize": "off"}
    return forms.CharField(required=False, max_length=48, widget=forms.TextInput(attrs=attributes))


class FilterForm(forms.Form):
    """All may be left empty. Bad ones are said beside their fields, and stay as they were typed."""

    state = forms.ChoiceField(
        required=False,
        choices=list(STATES.items()),
        widget=forms.Select(attrs={"class": "fh-input"}),
    )
    component = _slug("fh-components")
    source = _slug("fh-sources")
    since = DayField()
    until = DayField()
    currency = forms.RegexField(
        "^[A-Za-z]{3}$",
        required=False,
        error_messages={"invalid": gettext_lazy("Write a currency such as SGD.")},
        widget=forms.TextInput(
            attrs={"class": "fh-input", "list": "fh-currencies", "size": "4", "autocomplete": "off"}
        ),
    )
    lowest = AmountField()
    highest = AmountField()
    zone = forms.CharField(required=False, widget=forms.HiddenInput(attrs={"data-fh-my-zone": ""}))

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        lowest, highest = data.get("lowest"), data.get("highest")
        if data.get("since") and data.get("until") and data["since"] > data["until"]:
            self.add_error("until", _("This is before the first day."))
        if lowest is not None and highest is not None and lowest > highest:
            self.add_error("highest", _("This is less than the lowest fare."))
        is_range = lowest != highest and not self.errors
        if is_range and not data.get("currency"):
            self.add_error("currency", _("Amounts from one to another are of one currency: say which."))
        return data

    @property
    def filters(self) -> EventFilter:
        """What the events of a fare must be like, once the form is valid."""
        data = self.cleaned_data
        return EventFilter(
            component=data["component"],
            source=data["source"],
            corrections=data["state"] == CORRECTED,
            since=self._midnight(data["since"]),
            until=data["until"] and self._midnight(data["until"] + timedelta(days=1)),
            currency=data["currency"],
            lowest=data["lowest"],
            highest=data["highest"],
        )

    @property
    def list_state(self) -> State | None:
        """The state whose list is asked for."""
        state = self.cleaned_data["state"]
        return None if state in ("", CORRECTED) else State(state)

    @property
    def day_zone(self) -> tzinfo:
        """Whose days are meant: the zone in the address, that of the server where there is none that is known."""
        return zone_of(str(self.data.get("zone", "")))

    @property
    def is_used(self) -> bool:
        """Whether anything is chosen, or was typed."""
        return any(str(self.data.get(name, "")).strip() for name in self.fields if name != "zone")

    def _midnight(self, day: date | None) -> datetime | None:
        return None if day is None else datetime.combine(day, time.min, tzinfo=self.day_zone)


def zone_of(name: str) -> tzinfo:
    """The time zone of this name, or else the server's."""
    try:
        return ZoneInfo(name) if name else timezone.get_default_timezone()
    except (ValueError, OSError, LookupError):
        return timezone.get_default_timezone()


def parameters_of(terms: AmountTerms) -> dict[str, str]:
    """What an address has of the list that these words ask for, so that "yesterday" is a day in it; `q` is empty."""
    day = terms.day.isoformat() if terms.day else ""
    amount = str(terms.amount)
    parameters = {"since": day, "until": day, "currency": terms.currency, "lowest": amount, "highest": amount}
    return {"q": "", **{name: value for name, value in parameters.items() if value}}
