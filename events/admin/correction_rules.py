"""What operators decide about corrections: the limits of a currency, and the reasons to choose from."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

from events.admin.audited import Audited
from events.admin.named_rights import NamedRights
from events.corrections.models import CorrectionLimit, ReasonCode
from events.corrections.reasons import can_be_described_by
from events.money import exponent_of, to_minor
from events.wording import money_text

_AMOUNTS: Final = ("free_up_to", "lead_above")


class LimitForm(forms.ModelForm):
    """Amounts with the decimals of their currency, no more and no fewer."""

    class Meta:
        model = CorrectionLimit
        fields = ("currency", *_AMOUNTS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            for name in _AMOUNTS:
                amount = getattr(self.instance, name)
                self.initial[name] = None if amount is None else _shortened(amount, self.instance.currency)

    def clean_currency(self) -> str:
        """A currency that a booking can have."""
        currency = str(self.cleaned_data["currency"]).upper()
        if _decimals(currency) is None:
            raise _no_currency(currency)
        return currency

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        currency = data.get("currency") or self.instance.currency
        if not currency:
            return data
        decimals = _decimals(currency)
        if decimals is None:  # of a row that did not come by this form
            raise _no_currency(currency)
        for name in _AMOUNTS:
            amount = data.get(name)
            if amount is not None and not _fits(amount, decimals):
                text = _("%(currency)s has %(decimals)d decimals; this amount has more.")
                parts = {"currency": currency, "decimals": decimals}
                self.add_error(name, ValidationError(text, params=parts))
        return data


@admin.register(CorrectionLimit)
class CorrectionLimitAdmin(NamedRights, Audited, ModelAdmin):
    """The limits: one row for a currency."""

    form = LimitForm
    list_display = ("currency", "free", "lead")
    search_fields = ("currency",)
    ordering = ("currency",)
    fieldsets = (
        (
            None,
            {
                "fields": ("currency", *_AMOUNTS),
                "description": gettext_lazy(
                    "How much a correction may move before somebody else must look at it. A currency without limits: "
                    "a second person always, and never a lead. A changed limit counts from the next proposal on; one "
                    "that has grown above the lead’s limit since it was proposed needs a lead, too."
                ),
            },
        ),
    )

    def get_readonly_fields(
        self, request: HttpRequest, obj: CorrectionLimit | None = None
    ) -> tuple[str, ...]:
        """The currency stays what it is: limits of another one are another row."""
        return ("currency",) if obj else ()

    @admin.display(description=gettext_lazy("Without a second person"), ordering="free_up_to")
    def free(self, limit: CorrectionLimit) -> str:
        if not limit.free_up_to:
            return _("never")
        return _("up to %(money)s") % {"money": _money(limit.free_up_to, limit.currency)}

    @admin.display(description=gettext_lazy("Only by a lead"), ordering="lead_above")
    def lead(self, limit: CorrectionLimit) -> str:
        if limit.lead_above is None:
            return _("never")
        return _("above %(money)s") % {"money": _money(limit.lead_above, limit.currency)}

    def audited_details(self, obj: CorrectionLimit) -> dict[str, Any]:
        """The amounts, as they are now."""
        return {"free_up_to": _amount(obj.free_up_to), "lead_above": _amount(obj.lead_above)}


class ReasonForm(forms.ModelForm):
    """A text for the customer that a fare event can have as its description."""

    class Meta:
        model = ReasonCode
        fields = ("label", "text", "code", "is_active")

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"])
        if not can_be_described_by(text):
            raise ValidationError(
                _("This has characters that cannot be kept with an event, such as a tab; type it anew.")
            )
        return text


@admin.register(ReasonCode)
class ReasonCodeAdmin(NamedRights, Audited, ModelAdmin):
    """The reasons. One that is no longer wanted is switched off: corrections that have it keep it."""

    form = ReasonForm
    list_display = ("label", "code", "text", "is_active")
    list_filter = ("is_active",)
    search_fields = ("label", "code", "text")
    ordering = ("label",)
    fieldsets = (
        (
            None,
            {
                "fields": ("label", "text", "code", "is_active"),
                "description": gettext_lazy(
                    "Why fares are corrected. Staff choose by the label; the customer is told the text, which is kept "
                    "with the fare event; the code is there to count by and cannot be changed later. A correction "
                    "keeps the text that it was proposed with."
                ),
            },
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: ReasonCode | None = None) -> tuple[str, ...]:
        """What is counted by stays the same."""
        return ("code",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: ReasonCode | None = None) -> bool:
        return False

    def audited_details(self, obj: ReasonCode) -> dict[str, Any]:
        """What a correction with it says, and whether new ones may have it."""
        return {"label": obj.label, "text": obj.text, "can_be_chosen": obj.is_active}


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount.normalize():f}"


def _decimals(currency: str) -> int | None:
    """Those that its amounts have; None of a code that is no currency."""
    try:
        return exponent_of(currency)
    except ValueError:
        return None


def _no_currency(currency: str) -> ValidationError:
    text = _("%(currency)s is not a currency that fares can have.")
    return ValidationError(text, params={"currency": currency})


def _fits(amount: Decimal, decimals: int) -> bool:
    try:
        to_minor(amount, decimals)
    except ValueError:
        return False
    return True


def _shortened(amount: Decimal, currency: str) -> Decimal:
    """With the decimals of its currency, unless it has more; of a code that is none, as few as it needs."""
    decimals = _decimals(currency) or 0
    return amount.quantize(Decimal(1).scaleb(-decimals)) if _fits(amount, decimals) else amount.normalize()


def _money(amount: Decimal, currency: str) -> str:
    if not amount.is_finite():  # of a row that did not come by this form
        return _("%(currency)s, not a number") % {"currency": currency}
    shortened = _shortened(amount, currency)
    return money_text(shortened, currency, max(0, -int(shortened.as_tuple().exponent)))
