"""A time in a form: picked by the browser's own means, in the reader's zone, and sent as UTC."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive, localtime, make_aware
from django.utils.translation import gettext as _

from events.api.representation import time_as_json

_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


def instant_of(text: str) -> datetime:
    """The time that was typed or picked, in UTC. Raises ValidationError saying how one is written.

    Without an offset it is in the server's zone: the script of the page sends what is picked in the browser's as UTC.
    """
    refused = ValidationError(_("Write a time such as 2026-05-03 14:05."))
    try:
        instant = parse_datetime(text.strip())
        if instant is None:
            raise refused
        instant = (make_aware(instant) if is_naive(instant) else instant).astimezone(UTC)
    except (ValueError, OverflowError):
        raise refused from None
    if not _EARLIEST <= instant < _LATEST:
        raise ValidationError(_("Write a time in the years 1970 to 9998."))
    return instant


class InstantInput(forms.TextInput):
    """The browser's own picker; a text field where what was sent is no time, so that it is not lost."""

    def get_context(self, name: str, value: Any, attrs: Mapping[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, dict(attrs or {}))
        widget = context["widget"]
        try:
            instant = instant_of(str(value)) if value else None
        except ValidationError:
            return context
        widget["type"] = "datetime-local"
        if instant:
            widget["value"] = localtime(instant).replace(tzinfo=None).isoformat(timespec="seconds")
            widget["attrs"]["data-fh-utc"] = time_as_json(instant)
        return context


class InstantField(forms.Field):
    """A time, or none."""

    def __init__(self) -> None:
        attributes = {"class": "fh-input", "step": "1", "data-fh-instant": True}
        super().__init__(required=False, widget=InstantInput(attrs=attributes))

    def to_python(self, value: Any) -> datetime | None:
        text = str(value or "").strip()
        return instant_of(text) if text else None
