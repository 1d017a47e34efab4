"""The ledger against a plain model of itself: whatever is sent, in whatever order, every answer is foretold.

The model is a list per booking. It knows nothing of partitions, positions or SQL.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from events import history, ledger
from events.errors import LedgerError
from events.fold import Fare
from events.ledger import Appended
from events.new_event import ANY
from tests.builders import event, new_booking_id
from tests.properties.strategies import amounts, components

Change = dict[str, Any]


class Model:
    """One booking as the rules say it is."""

    def __init__(self) -> None:
        self.fares = [Fare()]
        self.known: dict[UUID, tuple[Change, int]] = {}

    @property
    def version(self) -> int:
        return len(self.fares) - 1

    def foretell(self, change: Change) -> tuple[str, int]:
        """The outcome of an append, and the version that its answer has."""
        if change["transaction_id"] in self.known:
            first, version = self.known[change["transaction_id"]]
            return ("replayed" if content(first) == content(change) else "transaction_id_reused"), version
        if change["expected_version"] not in (ANY, self.version):
            return "version_conflict", self.version
        if self.version == 0 and change["type"] != "SET":
            return "first_event_must_set", 0
        before = self.fares[-1]
        after = before.after(Asked(change))
        if after.amount < 0 and after.amount < before.amount and not change["allow_negative"]:
            return "negative_fare", self.version
        self.fares.append(after)
        self.known[change["transaction_id"]] = (change, self.version)
        return "appended", self.version


class Asked:
    """A change as the fold takes it."""

    def __init__(self, change: Change) -> None:
        self.type: str = change["type"]
        self.component: str = change["component"]
        self.amount: Decimal = change["amount"]


def content(change: Change) -> Change:
    return {name: value for name, value in change.items() if name != "expected_version"}


class LedgerMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.models = {new_booking_id(): Model() for _ in range(2)}
        self.sent: list[tuple[str, Change]] = []

    @rule(
        which=st.integers(0, 1),
        type_=st.sampled_from(("SET", "ADD", "ADD", "SUB")),
        component=components,
        amount=amounts("SGD", most=2000),
        behind=st.sampled_from((ANY, 0, 0, 0, 1, -1)),
        allow_negative=st.booleans(),
    )
    def append(
        self, which: int, type_: str, component: str, amount: Decimal, behind: Any, allow_negative: bool
    ) -> None:
        booking = list(self.models)[which]
        expected = ANY if behind == ANY else max(0, self.models[booking].version - behind)
        self.send(
            booking,
            {
                "transaction_id": uuid4(),
                "expected_version": expected,
                "type": type_,
                "component": component,
                "amount": amount,
                "currency": "SGD",
                "allow_negative": allow_negative,
            },
        )

    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        if self.sent:
            self.send(*data.draw(st.sampled_from(self.sent)))

    @rule(data=st.data(), amount=amounts("SGD"))
    def reuse_a_transaction_id(self, data: st.DataObject, amount: Decimal) -> None:
        if self.sent:
            booking, change = data.draw(st.sampled_from(self.sent))
            self.send(booking, change | {"amount": amount})

    def send(self, booking: str, change: Change) -> None:
        model = self.models[booking]
        outcome, version = model.foretell(change)
        (answer,) = ledger.append_many([event(booking, change)], source="pricing")
        if isinstance(answer, LedgerError):
            assert answer.code == outcome
            current = getattr(answer, "current", None)
            assert current is None or current.version == version
        else:
            assert isinstance(answer, Appended)
            assert ("replayed" if answer.replayed else "appended", answer.event.version) == (outcome, version)
            assert answer.event.components == model.fares[version].components
        self.sent.append((booking, change))

    @invariant()
    def the_history_is_the_models(self) -> None:
        for booking, model in self.models.items():
            head = history.head_of(booking)
            assert (head.version if head else 0) == model.version
            if head is not None:
                assert (head.fare, head.components) == (model.fares[-1].amount, model.fares[-1].components)


LedgerMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestTheLedgerAsAModel = LedgerMachine.TestCase
