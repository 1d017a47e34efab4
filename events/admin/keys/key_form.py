"""The forms about keys: of a new one, of a rotation, of a revocation.

What is right is for `api_keys` to say; here it is said in plain words, beside the field.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, Final, cast

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core.validators import RegexValidator
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events import api_keys
from events.admin.instant_field import InstantField
from events.admin.keys.rights import BIND, may_get_key_of
from events.admin.keys.words import SCOPES, rate_words
from events.corrections.people import DECIDE, PROPOSE
from events.models import ApiKey
from events.new_event import COMPONENT, SOURCE

NEVER: Final = "never"
MOMENT: Final = "moment"
SAME: Final = "same"

_LIVES: Final = (
    ("30", gettext_lazy("In 30 days")),
    ("90", gettext_lazy("In 90 days")),
    ("365", gettext_lazy("In a year")),
    (NEVER, gettext_lazy("Never")),
    (MOMENT, gettext_lazy("At a time that I choose")),
)
_OVERLAPS: Final = (
    ("0", gettext_lazy("Not at all: it is refused at once")),
    ("1", gettext_lazy("For 1 hour")),
    ("24", gettext_lazy("For 24 hours")),
    ("168", gettext_lazy("For 7 days")),
    ("720", gettext_lazy("For 30 days")),
    (MOMENT, gettext_lazy("Until a time that I choose")),
)
_NAMES: Final = 300
_SEPARATORS: Final = re.compile(r"[\s,;]+")
_KEY_ID: Final = RegexValidator(r"\A[0-9a-f]{16}\Z", gettext_lazy("Open this form anew."))


def _input(**attributes: str) -> dict[str, str]:
    return {"class": "fh-input", "autocomplete": "off", "spellcheck": "false", **attributes}


class _Times(forms.Form):
    """A form with choices of a time, each beside a field for one that is chosen freely."""

    now: datetime

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = timezone.now()

    def chosen(self, choice: str, instant: str, unit: timedelta, longest: timedelta) -> datetime | None:
        """The time that was chosen; None for never, or where an error was noted beside the field."""
        picked = self.cleaned_data.get(choice)
        if picked != MOMENT:
            return None if picked in (None, NEVER, SAME) else self.now + int(picked) * unit
        at: datetime | None = self.cleaned_data.get(instant)
        if at is None:
            if instant not in self.errors:
                self.add_error(instant, _("Choose the time."))
            return None
        if at <= self.now:
            self.add_error(instant, _("This time is over; choose one to come."))
        elif at - self.now > longest:
            self.add_error(
                instant, _("This is too far away: at most %(days)d days.") % {"days": longest.days}
            )
        return at


class CreateForm(_Times):
    """A new key. `key_id` is made with the form: sent twice, it makes one key, whose text is in the first answer."""

    key_id = forms.CharField(widget=forms.HiddenInput, validators=[_KEY_ID])
    source = forms.CharField(
        max_length=48,
        widget=forms.TextInput(attrs=_input(list="fh-services")),
        validators=[
            RegexValidator(
                rf"\A{SOURCE.pattern}\Z",
                gettext_lazy(
                    "Write a short name such as night-batch: small letters, figures and -, beginning with a letter."
                ),
            )
        ],
        error_messages={"required": gettext_lazy("Write which service it is for.")},
    )
    name = forms.CharField(
        max_length=api_keys.LONGEST_NAME, required=False, widget=forms.TextInput(attrs=_input())
    )
    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in api_keys.SCOPES],
        error_messages={"required": gettext_lazy("Choose at least one thing that it may do.")},
    )
    components = forms.CharField(max_length=2000, required=False, widget=forms.TextInput(attrs=_input()))
    person = forms.CharField(
        max_length=150, required=False, widget=forms.TextInput(attrs=_input(list="fh-people"))
    )
    rate_limit = forms.IntegerField(
        min_value=1,
        max_value=api_keys.HIGHEST_RATE_LIMIT,
        required=False,
        widget=forms.NumberInput(attrs=_input(inputmode="numeric")),
    )
    expiry = forms.ChoiceField(choices=_LIVES, initial="365", widget=forms.Select(attrs=_input()))
    expires_at = InstantField()

    def __init__(self, data: Any, *, by: User, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial={"key_id": api_keys.new_key_id(), **(initial or {})})
        self.by = by

    @classmethod
    def like(cls, key: ApiKey, by: User) -> CreateForm:
        """The form, filled in with the rights of another key."""
        holder = get_user_model().objects.filter(pk=key.user_id).first() if key.user_id else None
        return cls(
            None,
            by=by,
            initial={
                "source": key.source,
                "name": key.name,
                "scopes": key.scopes,
                "components": ", ".join(key.components or ()),
                "person": holder.get_username() if holder else "",
                "rate_limit": key.rate_limit,
            },
        )

    @property
    def scope_choices(self) -> list[tuple[str, Any, bool]]:
        """Each scope with its words, and whether it is ticked."""
        ticked = self["scopes"].value() or ()
        return [(scope, words, scope in ticked) for scope, words in SCOPES.items()]

    @property
    def usual_rate(self) -> str:
        """What a key may do that has no limit of its own."""
        return rate_words(None)

    @property
    def services(self) -> list[str]:
        """Names that the form offers; any other can be typed."""
        return list(ApiKey.objects.order_by("source").values_list("source", flat=True).distinct()[:_NAMES])

    @cached_property
    def may_bind(self) -> bool:
        """Whether it may be bound to somebody else than who makes it."""
        return self.by.has_perm(BIND)

    @property
    def people(self) -> list[str]:
        """Names of staff that the form offers."""
        if not self.may_bind:
            return [self.by.get_username()]
        staff = User.objects.filter(is_active=True, is_staff=True).order_by("username")
        return list(staff.values_list("username", flat=True)[:_NAMES])

    @property
    def expires(self) -> datetime | None:
        """When the key ends, once the form is valid; None: never."""
        at: datetime | None = self.cleaned_data["expires"]
        return at

    def renew(self) -> None:
        """Sent again, it makes another key. What was typed stays."""
        data = cast(QueryDict, self.data).copy()
        data["key_id"] = api_keys.new_key_id()
        self.data = data

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if not name.isprintable():
            raise forms.ValidationError(_("This has characters that cannot be kept; type it anew."))
        return name

    def clean_components(self) -> list[str] | None:
        """None: all of them."""
        given = [each for each in _SEPARATORS.split(self.cleaned_data["components"]) if each]
        for each in given:
            if not COMPONENT.fullmatch(each):
                raise forms.ValidationError(
                    _("“%(given)s” is no component: small letters, figures and _, beginning with a letter.")
                    % {"given": each}
                )
        return list(dict.fromkeys(given)) or None

    def clean_person(self) -> int | None:
        """The person's id; None: nobody."""
        name: str = self.cleaned_data["person"]
        if not name:
            return None
        person = User.objects.filter(username=name, is_active=True, is_staff=True).first()
        if person is None:
            raise forms.ValidationError(_("This is not the name of an active member of staff."))
        if not may_get_key_of(self.by, person.pk):
            raise forms.ValidationError(
                _("You can make keys that correct fares in your own name, not in somebody else’s.")
            )
        if not (person.has_perm(PROPOSE) or person.has_perm(DECIDE)):
            raise forms.ValidationError(
                _("%(name)s may neither propose nor decide corrections, so the key could do neither.")
                % {"name": name}
            )
        return int(person.pk)

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        scopes = data.get("scopes") or []
        if scopes:
            self._check_fit(
                "components",
                bool({"fares:append", "fares:correct"} & set(scopes)),
                _("Only a key that may append or correct has these."),
            )
            self._check_fit("person", "fares:correct" in scopes, _("Only a key that may correct has one."))
            if "fares:correct" in scopes and not self["person"].value():
                self.add_error("person", _("Corrections are made by people: write in whose name."))
        data["expires"] = self.chosen("expiry", "expires_at", timedelta(days=1), api_keys.LONGEST_LIFE)
        return data

    def _check_fit(self, field: str, fits: bool, refusal: str) -> None:
        if not fits and self.cleaned_data.get(field):
            self.add_error(field, refusal)


class RotateForm(_Times):
    """The successor of a key: how long the old one works beside it, and when the new one ends."""

    overlap = forms.ChoiceField(choices=_OVERLAPS, initial="24", widget=forms.Select(attrs=_input()))
    works_until = InstantField()
    expiry = forms.ChoiceField(widget=forms.Select(attrs=_input()))
    expires_at = InstantField()

    def __init__(self, data: Any, *, of: ApiKey) -> None:
        super().__init__(data)
        self.life = None if of.expires_at is None else of.expires_at - of.created_at
        expiry = self.fields["expiry"]
        assert isinstance(expiry, forms.ChoiceField)  # noqa: S101 - for the type checker
        days = max(1, round(self.life / timedelta(days=1))) if self.life else 0
        same = (SAME, _("In %(days)d days, as the old one did") % {"days": days})
        expiry.choices = [*([same] if self.life else []), *_LIVES]
        expiry.initial = SAME if self.life else NEVER

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        hour = timedelta(hours=1)
        data["until"] = self.chosen("overlap", "works_until", hour, api_keys.LONGEST_OVERLAP)
        expires = self.chosen("expiry", "expires_at", timedelta(days=1), api_keys.LONGEST_LIFE)
        if data.get("expiry") == SAME and self.life:
            expires = self.now + self.life
        data["expires"] = expires
        return data


class RevokeForm(forms.Form):
    """Why a key is revoked; it may be left open."""

    reason = forms.CharField(
        max_length=300, required=False, widget=forms.Textarea(attrs=_input(rows="2", spellcheck="true"))
    )
