"""What a person asks for when exporting events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive, localtime, make_aware
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.admin.transfers.urls import MAY_EXPORT_METADATA
from events.api.representation import time_as_json
from events.models import Transfer
from events.new_event import BOOKING_ID, COMPONENT, SOURCE
from events.transfers import beginning, folder
from events.transfers.export_filter import LedgerFilter
from events.transfers.export_lines import ExportForm as Form

_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
_FILTERS: Final = ("booking_id", "component", "source", "currency", "since", "until", "corrections")


class InstantInput(forms.TextInput):
    """The browser's own picker; a text field where what was sent is no time, so that it is not lost."""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, dict(attrs or {}))
        widget = context["widget"]
        try:
            instant = instant_of(str(value)) if value else None
        except ValidationError:
            return context
        widget["type"] = "datetime-local"
        widget["attrs"]["step"] = "1"
        if instant:
            widget["value"] = localtime(instant).replace(tzinfo=None).isoformat(timespec="seconds")
            widget["attrs"]["data-fh-utc"] = time_as_json(instant)
        return context


class InstantField(forms.CharField):
    """A time, or none."""

    def __init__(self) -> None:
        widget = InstantInput(attrs={"class": "fh-input", "data-fh-instant": ""})
        super().__init__(required=False, max_length=40, widget=widget)

    def clean(self, value: Any) -> datetime | None:
        text = super().clean(value)
        return instant_of(text) if text else None


def instant_of(text: str) -> datetime:
    """The time that was typed or picked, in UTC; without an offset, one in the server's zone.

    Raises ValidationError.
    """
    try:
        instant = parse_datetime(text.strip())
        if instant is None:
            raise ValueError
        instant = (make_aware(instant) if is_naive(instant) else instant).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValidationError(_("Write a time such as 2026-05-03 14:05.")) from None
    if not _EARLIEST <= instant < _LATEST:
        raise ValidationError(_("Write a time in the years 1970 to 9998."))
    return instant


def _text(**attributes: Any) -> forms.TextInput:
    return forms.TextInput(
        attrs={
            "class": "fh-input",
            "autocomplete": "off",
            "autocapitalize": "off",
            "spellcheck": "false",
            **attributes,
        }
    )


def _matching(pattern: Any, most: int, said: Any, **attributes: Any) -> forms.RegexField:
    return forms.RegexField(
        pattern,
        required=False,
        max_length=most,
        error_messages={"invalid": said},
        widget=_text(maxlength=most, **attributes),
    )


class ExportForm(forms.Form):
    """All filters may be left empty. What cannot be meant is said beside its field, and stays as it was typed."""

    booking_id = _matching(
        rf"\A(?:{BOOKING_ID.pattern})\Z",
        64,
        gettext_lazy("A booking id has A-Z a-z 0-9 . _ : - and up to 64 of them."),
    )
    component = _matching(
        rf"\A(?:{COMPONENT.pattern})\Z", 48, gettext_lazy("Write it as events have it, such as waiting_fee.")
    )
    source = _matching(
        rf"\A(?:{SOURCE.pattern})\Z", 48, gettext_lazy("Write it as events have it, such as toll-service.")
    )
    currency = _matching(r"\A[A-Za-z]{3}\Z", 3, gettext_lazy("Write a currency such as SGD."), size="6")
    since = InstantField()
    until = InstantField()
    corrections = forms.BooleanField(required=False)
    form = forms.ChoiceField(
        choices=[(Form.CSV.value, gettext_lazy("CSV")), (Form.JSONL.value, gettext_lazy("JSON Lines"))],
        widget=forms.Select(attrs={"class": "fh-input"}),
    )
    with_metadata = forms.BooleanField(required=False)

    @classmethod
    def of(cls, request: HttpRequest) -> ExportForm:
        """As the address fills it in, or as it was sent."""
        form = cls(request.POST) if request.method == "POST" else cls(initial=request.GET.dict())
        if not request.user.has_perm(MAY_EXPORT_METADATA):
            form.fields["with_metadata"].disabled = True
        return form

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("since") and data.get("until") and data["since"] >= data["until"]:
            self.add_error("until", _("This is not after the first time."))
        return data

    def begun(self, request: HttpRequest) -> Transfer | None:
        """The export that was asked for; None where it cannot be, and why is said at the form."""
        if not self.is_valid():
            return None
        data = self.cleaned_data
        wanted = LedgerFilter(**{name: data[name] for name in _FILTERS})
        try:
            return beginning.begin_export(
                wanted, Form(data["form"]), request, with_metadata=bool(data["with_metadata"])
            )
        except (folder.FilesAway, OSError) as error:
            said = _(
                "So many events go into a file, and no file can be made here: %(why)s. Narrow what is exported."
            )
            self.add_error(None, said % {"why": error})
            return None
