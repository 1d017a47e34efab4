"""The form that a correction is proposed with. Its rules are those of `Proposal`; here they are said in plain words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, cast
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from events.admin.corrections.event_words import EventWords
from events.corrections import Kind, Proposal
from events.corrections.models import ReasonCode
from events.corrections.proposal import MAX_EVIDENCE
from events.errors import InvalidCorrection, LedgerError, NegativeFare
from events.event import EventType, FareEvent
from events.field_checks import MAX_VERSION
from events.wording import MINUS

_GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_OF_KIND: Final[dict[str, tuple[str, ...]]] = {
    Kind.EVENT: ("type", "component", "amount"),
    Kind.CONTRA: (),
    Kind.SHOULD_BE: ("target",),
}

_WORDS: Final = {
    ("version", "invalid_version"): _("Choose the event that is wrong."),
    ("kind", "unknown_kind"): _("Choose what should be done."),
    ("kind", "not_a_string"): _("Choose what should be done."),
    ("type", "required"): _("Choose what the change does."),
    ("amount", "required"): _("Write the amount."),
    ("amount", "invalid_amount"): _("Write an amount such as 5.00, without a sign."),
    ("target", "required"): _("Write what the fare should be."),
    ("target", "invalid_amount"): _("Write a fare such as 20.00."),
    ("component", "invalid_component"): _("Write a short name such as waiting fee: letters, digits, spaces."),
    ("reason_code", "invalid_reason_code"): _("Choose a reason."),
    ("reason_code", "unknown_reason_code"): _("This reason can no longer be chosen; choose another."),
    ("reason", "required"): _("Say why, in your own words."),
    ("reason", "too_long"): _("This is too long: at most 2,000 characters are kept."),
    ("reason", "control_character"): _("This has characters that cannot be kept; type it anew."),
    ("evidence", "invalid_link"): _("Write a link that begins with https:// or http://."),
    ("evidence", "too_long"): _("This link is too long: at most 1,000 characters are kept."),
}
# A refusal of the event itself says something about what was chosen to be done.
_FIELD_OF_CODE: Final = {
    "not_cancellable": "kind",
    "already_cancelled": "kind",
    "no_longer_counts": "kind",
    "negative_fare": "allow_negative",
}


def _plain(text: str) -> str:
    """An amount as it is read off the page, "1,250.40" with a real minus, as it is written."""
    text = text.replace(MINUS, "-").replace("\N{NO-BREAK SPACE}", " ").strip()
    unsigned = text.removeprefix("-")
    return text.replace(",", "") if _GROUPED.fullmatch(unsigned) else text


def _input(**attributes: str) -> dict[str, str]:
    return {"class": "fh-input", "autocomplete": "off", **attributes}


class ProposeForm(forms.Form):
    """A correction of one booking. `id` is made with the form: sent twice, it is one correction.

    Once it is valid, `proposal` is what it asks for. What was typed for another kind is kept, and does not count.
    """

    id = forms.CharField(required=False, widget=forms.HiddenInput)
    booking_id = forms.CharField(required=False, widget=forms.HiddenInput)
    seen_version = forms.IntegerField(
        required=False, min_value=1, max_value=MAX_VERSION, widget=forms.HiddenInput
    )
    version = forms.TypedChoiceField(
        coerce=int,
        required=False,
        empty_value=None,
        widget=forms.Select(attrs=_input()),
        error_messages={"invalid_choice": _("Choose one of these events.")},
    )
    kind = forms.CharField(
        required=False,
        widget=forms.RadioSelect(
            choices=[
                (Kind.CONTRA, _("Cancel it")),
                (Kind.SHOULD_BE, _("The fare should be …")),
                (Kind.EVENT, _("A change of its own")),
            ]
        ),
    )
    target = forms.CharField(
        required=False, widget=forms.TextInput(attrs=_input(inputmode="decimal", size="12"))
    )
    type = forms.CharField(
        required=False,
        widget=forms.Select(
            attrs=_input(),
            choices=[
                (EventType.SUB, _("Take off the fare")),
                (EventType.ADD, _("Add to the fare")),
                (EventType.SET, _("Replace the whole fare with its breakdown")),
            ],
        ),
    )
    amount = forms.CharField(
        required=False, widget=forms.TextInput(attrs=_input(inputmode="decimal", size="12"))
    )
    component = forms.CharField(
        required=False,
        widget=forms.TextInput(attrs=_input(list="fh-components", maxlength="48", autocapitalize="off")),
    )
    reason_code = forms.CharField(required=False, widget=forms.Select(attrs=_input()))
    reason = forms.CharField(required=False, strip=False, widget=forms.Textarea(attrs=_input(rows="4")))
    evidence = forms.CharField(
        required=False,
        widget=forms.TextInput(
            attrs=_input(inputmode="url", placeholder="https://", maxlength=str(MAX_EVIDENCE))
        ),
    )
    allow_negative = forms.BooleanField(required=False)

    def __init__(self, data: Any = None, *, events: Sequence[FareEvent], initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        version = cast(forms.TypedChoiceField, self.fields["version"])
        version.choices = [
            ("", _("Choose …")),
            *((event.version, EventWords(event).label) for event in reversed(events)),
        ]
        codes = ReasonCode.objects.filter(is_active=True).order_by("label").values_list("code", "label")
        cast(forms.Select, self.fields["reason_code"].widget).choices = [("", _("Choose …")), *codes]
        self.proposal: Proposal | None = None

    @classmethod
    def begun(
        cls, head: FareEvent, events: Sequence[FareEvent], version: int | None, kind: Kind
    ) -> ProposeForm:
        """A new one, with an id of its own."""
        initial = {
            "id": str(uuid4()),
            "booking_id": head.booking_id,
            "seen_version": head.version,
            "version": version,
            "kind": kind,
        }
        return cls(events=events, initial=initial)

    def clean(self) -> dict[str, Any]:
        """Makes the proposal, or says beside each field what is wrong with it."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        try:
            self.proposal = Proposal(**self._wanted(data))
        except InvalidCorrection as refusal:
            self.add_refusal(refusal)
        return data

    def add_refusal(self, refusal: LedgerError) -> None:
        """Says why the correction cannot be made, beside the field that it is about."""
        if isinstance(refusal, NegativeFare):
            self.add_error("allow_negative", refusal.detail)
        elif not refusal.errors:
            self.add_error(None, refusal.detail)
        for error in refusal.errors:
            name = _FIELD_OF_CODE.get(error.code) or _field(error.pointer)
            if name not in self.fields or self[name].is_hidden:
                self.add_error(None, error.detail)
            elif name not in self.errors:
                self.add_error(name, str(_WORDS.get((name, error.code), error.detail)))

    @property
    def asks_about_negative(self) -> bool:
        """Whether the fare would end below zero, so that this has to be allowed."""
        return bool(self["allow_negative"].errors) or self["allow_negative"].value() in (True, "on", "True")

    def _wanted(self, data: dict[str, Any]) -> dict[str, Any]:
        """The fields of the proposal: of what depends on the kind, only what is of this kind."""
        of_kind = _OF_KIND.get(data.get("kind") or "", ())
        asked: dict[str, Any] = {name: data.get(name, "") for name in of_kind}
        for name in {"amount", "target"} & asked.keys():
            asked[name] = _plain(asked[name]) or None
        if "component" in asked:
            asked["component"] = _slug(asked["component"]) or None
        names = ("id", "booking_id", "seen_version", "kind", "reason_code", "reason", "evidence")
        return {
            **{name: data.get(name) for name in names},
            **asked,
            "corrects_version": data.get("version"),
            "allow_negative": bool(data.get("allow_negative")),
        }


def _slug(text: str) -> str:
    """A component as it is kept: "Waiting fee" is `waiting_fee`."""
    return re.sub(r"[\s_-]+", "_", text.strip().lower())


def _field(pointer: str) -> str:
    """The form's field that a refusal points at."""
    name = pointer.removeprefix("/")
    return "version" if name == "corrects_version" else name
