"""Events in a few words: to choose one, and to say what came meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from events.admin.corrections.urls import event_url
from events.event import EventType, FareEvent
from events.wording import capitalised, money_text, words


@dataclass(frozen=True, slots=True)
class EventWords:
    """One event."""

    event: FareEvent

    @property
    def version(self) -> int:
        return self.event.version

    @property
    def change(self) -> str:
        """What it did: "SGD 5.00 added (toll)"."""
        texts = {
            EventType.ADD: _("%(money)s added (%(component)s)"),
            EventType.SUB: _("%(money)s taken off (%(component)s)"),
            EventType.SET: _("fare set to %(money)s (%(component)s)"),
        }
        return texts[self.event.type] % {
            "money": money_text(self.event.amount, self.event.currency, self.event.exponent),
            "component": words(self.event.component),
        }

    @property
    def who(self) -> str:
        """The service, and the person where one is named."""
        source = capitalised(self.event.source)
        return f"{source} ({self.event.actor})" if self.event.actor else source

    @property
    def label(self) -> str:
        """All in one line, as lists to choose from have it."""
        parts = {"version": self.version, "change": self.change, "who": self.who}
        return _("Version %(version)d: %(change)s, by %(who)s") % parts

    @property
    def fare(self) -> str:
        """The fare after it."""
        return money_text(self.event.fare, self.event.currency, self.event.exponent)

    @property
    def url(self) -> str:
        return event_url(self.event.booking_id, self.event.version)
