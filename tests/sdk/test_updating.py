"""Read, decide, append: the caller decides, the client sees to it that it was about the fare as it is."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx
import pytest
from farehistory_client import (
    ANY,
    Change,
    Fare,
    Head,
    InvalidBatch,
    NegativeFare,
    Retries,
    Unanswered,
    VersionConflict,
)

from tests.sdk.builders import price, promo, toll
from tests.sdk.platforms import Platform


def test_an_update_decides_on_the_fare_that_is_there(fares: Any, booking: str) -> None:
    seen: list[Head] = []

    def decide(head: Head) -> Change:
        seen.append(head)
        return price() if head.version == 0 else Change.sub("promo", head.amount / 2)

    fares.update(booking, decide)
    (appended,) = fares.update(booking, decide)
    assert seen == [Head(0, None, None), Head(1, Decimal("14.00"), "SGD")]
    assert appended.event.fare == Decimal("7.00")


def test_what_others_did_meanwhile_is_decided_on_anew(platform: Platform, fares: Any, booking: str) -> None:
    others = platform.other()
    others.append(booking, price(), expected_version=0)
    seen: list[Head] = []

    def decide(head: Head) -> Change:
        seen.append(head)
        if len(seen) < 3:
            others.append(booking, toll("1.00"), expected_version=ANY)
        return promo("3.00")

    (appended,) = fares.update(booking, decide)
    assert [(head.version, head.amount) for head in seen] == [(1, 14), (2, 15), (3, 16)]
    assert appended.event.head == Head(4, Decimal("13.00"), "SGD")
    reads = [each for each in platform.wire.sent if each.method == "GET"]
    assert len(reads) == 1, "a conflict carries the fare"


def test_several_changes_are_appended_all_or_none(platform: Platform, fares: Any, booking: str) -> None:
    others = platform.other()
    others.append(booking, price(), expected_version=0)
    asked: list[int] = []

    def decide(head: Head) -> list[Change]:
        asked.append(head.version)
        if len(asked) == 1:
            others.append(booking, toll("1.00"), expected_version=ANY)
        return [promo("1.00"), toll("2.00"), promo("3.00")]

    appended = fares.update(booking, decide)
    assert asked == [1, 2]
    assert [each.event.version for each in appended] == [3, 4, 5]
    with pytest.raises(InvalidBatch):
        fares.update(booking, lambda head: [toll() for _ in range(101)])


@pytest.mark.parametrize("nothing", [None, [], ()])
def test_an_update_may_come_to_nothing(platform: Platform, fares: Any, booking: str, nothing: Any) -> None:
    assert fares.update(booking, lambda head: nothing) == []
    assert {each.method for each in platform.wire.sent} == {"GET"}


def test_the_whole_fare_is_had_if_that_is_what_decides(platform: Platform, fares: Any, booking: str) -> None:
    others = platform.other()
    seen: list[Fare | None] = []

    def decide(fare: Fare | None) -> Change | None:
        seen.append(fare)
        if len(seen) == 1:
            others.append(booking, price(), expected_version=0)
            return price("99.00")
        if len(seen) == 2:
            others.append(booking, toll(), expected_version=ANY)
        assert fare is not None
        return Change.sub("base_fare", fare.components["base_fare"])

    (appended,) = fares.update(booking, decide, whole=True)
    assert [fare and fare.version for fare in seen] == [None, 1, 2]
    assert appended.event.components == {"base_fare": Decimal(0), "toll": Decimal("5.00")}


def test_attempts_are_bounded(platform: Platform, fares: Any, booking: str) -> None:
    others = platform.other()
    others.append(booking, price(), expected_version=0)
    asked: list[Head] = []

    def decide(head: Head) -> Change:
        asked.append(head)
        others.append(booking, toll("1.00"), expected_version=ANY)
        return promo()

    with pytest.raises(VersionConflict) as exhausted:
        fares.update(booking, decide, attempts=3)
    assert len(asked) == 3
    assert exhausted.value.current.version == 4
    with pytest.raises(ValueError):
        fares.update(booking, decide, attempts=0)


def test_other_refusals_are_the_callers(fares: Any, booking: str) -> None:
    fares.append(booking, price(), expected_version=0)
    with pytest.raises(NegativeFare):
        fares.update(booking, lambda head: promo("99.00"))
    with pytest.raises(TypeError):
        fares.update(booking, lambda head: "12.00")
    with pytest.raises(ZeroDivisionError):
        fares.update(booking, lambda head: 1 // 0)


def test_an_update_whose_answer_is_lost_is_done_once(platform: Platform, fares: Any, booking: str) -> None:
    platform.other().append(booking, price(), expected_version=0)

    def decide(head: Head) -> list[Change]:
        platform.wire.lose_answers(2)
        return [toll("1.00"), toll("2.00")]

    assert [each.replayed for each in fares.update(booking, decide)] == [True, True]
    assert fares.fare(booking, strong=True).head == Head(3, Decimal("17.00"), "SGD")


def test_an_update_that_nobody_answers_says_what_settles_it(
    platform: Platform, fares: Any, booking: str
) -> None:
    def decide(head: Head) -> Change:
        platform.wire.lose_answers(Retries().attempts)
        return price()

    with pytest.raises(Unanswered) as unanswered:
        fares.update(booking, decide)
    assert unanswered.value.unsettled is not None
    (settled,) = fares.settle(unanswered.value.unsettled)
    assert settled.replayed


def test_a_coroutine_may_decide(platform: Platform, booking: str) -> None:
    fares = platform.client()

    async def decide(head: Head) -> Change:
        return price()

    if "InALoop" in type(fares).__name__:
        assert fares.update(booking, decide)[0].event.version == 1
    else:
        with pytest.raises(TypeError):
            fares.update(booking, lambda head: object())


def test_nothing_is_sent_once_the_time_is_over(faked: Platform, booking: str) -> None:
    fares = faked.client(retries=Retries(within=0.2))

    def decides_for_long(head: Head) -> Change:
        time.sleep(0.3)
        return price()

    with pytest.raises(Unanswered) as late:
        fares.update(booking, decides_for_long)
    assert late.value.unsettled is None
    assert [sent.method for sent in faked.wire.sent] == ["GET"]


def test_changes_one_of_which_is_in_already_are_not_decided_on_for_ever(
    faked: Platform, booking: str
) -> None:
    fares, first = faked.client(), price()
    fares.append(booking, first, expected_version=0)
    asked: list[int] = []

    def both(head: Head) -> list[Change]:
        asked.append(head.version)
        return [first, toll()]

    with pytest.raises(VersionConflict):
        fares.update(booking, both)
    assert asked == [1]


@pytest.mark.parametrize("known", ["itself", "of before"])
def test_no_change_is_decided_on_a_fare_that_was_taken_back(
    platform: Platform, booking: str, known: str
) -> None:
    """A batch that is refused at a later change tells of the fare with the earlier ones; nobody ever paid that."""
    fares, before, asked = platform.client(), toll(), list[tuple[int, Any]]()
    fares.append(booking, price(), expected_version=0)
    fares.append(booking, before, expected_version=ANY)
    new = Change.add("fee", "100.00")

    def decide(head: Head) -> list[Change]:
        asked.append((head.version, head.amount))
        if len(asked) == 2:
            fares.append(booking, toll(), expected_version=ANY)  # makes the version true, with another fare
        return [new, new if known == "itself" else before, Change.sub("promo", "1.00")]

    with pytest.raises(VersionConflict):
        fares.update(booking, decide)
    assert asked == [(2, fares.fare(booking, strong=True).amount)]


@dataclass
class Refused:
    """Decides on changes that are refused by this document; `cut`: after a try without an answer."""

    platform: Platform
    document: dict[str, Any]
    changes: Any
    cut: bool = False
    asked: list[int] = field(default_factory=list)

    def __call__(self, head: Head) -> Any:
        self.asked.append(head.version)
        if self.cut:
            self.platform.wire.cut_connections()
        kind = {"Content-Type": "application/problem+json"}
        self.platform.wire.faults.append(httpx.Response(409, headers=kind, json=self.document))
        return self.changes


@pytest.mark.parametrize(
    "document",
    [
        {"code": "version_conflict"},
        {"code": "version_conflict", "current": None},
        {"code": "version_conflict", "current": {"version": "7", "fare": "1.00", "currency": "SGD"}},
        {"code": "batch_refused"},
        {"code": "batch_refused", "index": "x", "problem": {}},
        {"code": "batch_refused", "index": 0, "problem": None},
    ],
    ids=str,
)
def test_a_refusal_that_cannot_be_read_is_none(
    faked: Platform, booking: str, document: dict[str, Any]
) -> None:
    """Whatever it was, the update is not decided on it, and what was sent stays open."""
    fares, decide = faked.client(), Refused(faked, document, toll())
    fares.append(booking, price(), expected_version=0)
    with pytest.raises(Unanswered) as unanswered:
        fares.update(booking, decide)
    assert unanswered.value.unsettled is not None
    assert decide.asked == [1]


@pytest.mark.parametrize("several", [False, True])
def test_while_a_try_may_be_written_yet_nothing_else_is_decided(
    faked: Platform, booking: str, several: bool
) -> None:
    """As of a ledger that went back: once it is there again, the late try is written."""
    document: dict[str, Any] = {
        "code": "version_conflict",
        "status": 409,
        "current": {"version": 0, "fare": None, "currency": None},
    }
    if several:
        document = {"code": "batch_refused", "status": 409, "index": 0, "problem": document}
    fares = faked.client()
    decide = Refused(faked, document, [toll(), toll()] if several else toll(), cut=True)
    fares.append(booking, price(), expected_version=0)
    with pytest.raises(VersionConflict) as conflict:
        fares.update(booking, decide)
    assert conflict.value.unsettled is not None
    assert decide.asked == [1]
