"""What a person asks for when starting a rebuild."""

from __future__ import annotations

import re

from django import forms
from django.utils.translation import gettext as _

from events import partitions

_SPAN = re.compile(r"([0-9]{1,3})(?:\s*-\s*([0-9]{1,3}))?")


class PartitionsField(forms.CharField):
    """Partitions as "0-7, 12"; cleaned to a sorted list, or to None if left empty: all of them."""

    def clean(self, value: str) -> list[int] | None:
        text = super().clean(value)
        return _partitions(text) if text else None


class RebuildForm(forms.Form):
    """Partitions, and whether only to compare, or to accept whatever a new version gives."""

    partitions = PartitionsField(
        required=False,
        max_length=500,
        widget=forms.TextInput(
            attrs={"class": "fh-input", "autocomplete": "off", "aria-describedby": "fh-partitions-help"}
        ),
    )
    dry_run = forms.BooleanField(required=False)
    accept = forms.BooleanField(required=False)

    def clean(self) -> dict[str, object]:
        cleaned: dict[str, object] = super().clean() or {}
        if cleaned.get("dry_run") and cleaned.get("accept"):
            raise forms.ValidationError(
                _("Choose one: only comparing changes nothing, so there is nothing to accept.")
            )
        return cleaned


def _partitions(text: str) -> list[int]:
    found: set[int] = set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        found |= _span(part)
    return sorted(found)


def _span(part: str) -> set[int]:
    match = _SPAN.fullmatch(part)
    if match is None:
        raise forms.ValidationError(_("“%(part)s” is no partition and no span such as 0-7.") % {"part": part})
    first, last = int(match[1]), int(match[2] or match[1])
    highest = partitions.count() - 1
    if last > highest:
        raise forms.ValidationError(_("The highest partition is %(highest)s.") % {"highest": highest})
    if first > last:
        raise forms.ValidationError(_("“%(part)s” ends before it begins.") % {"part": part})
    return set(range(first, last + 1))
