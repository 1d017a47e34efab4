"""Exactly one event: however often the button is pressed, whoever presses it at once, wherever the process dies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from events import corrections, wakeup
from events.corrections.models import Correction
from events.errors import CorrectionDecided, FareMoved, LedgerError
from tests.builders import add, append, given, set_, then_fare
from tests.events.corrections.desk import (
    contra,
    events_of,
    head,
    lead,
    limit,
    support,
    toll_charged_twice,
    waiting,
)
from tests.faults import killed_at_each_step
from tests.threads import together


def outcome(deed: Callable[[], Correction]) -> Correction | LedgerError:
    try:
        return deed()
    except LedgerError as refusal:
        return refusal


@pytest.mark.parametrize(
    "every", [pytest.param(3, id="sampled"), pytest.param(1, id="all", marks=pytest.mark.long)]
)
def test_a_killed_approval_leaves_nothing_or_all_of_it(every: int) -> None:
    checker = support()
    correction = waiting(contra(toll_charged_twice()))
    deaths = 0
    for _step in killed_at_each_step(
        "tests.events.corrections.killed:approve", str(correction.pk), str(checker.pk), "3", every=every
    ):
        deaths += 1
        now, made = corrections.get(correction.pk), events_of(correction)
        assert (now.state, len(made)) in {("proposed", 0), ("approved", 1)}
        assert now.event_version == (made[0].version if made else None)
    assert deaths > 10 // every
    assert corrections.approve(correction.pk, by=checker, seen_version=3).event_version == 4
    assert len(events_of(correction)) == 1
    then_fare(correction.booking_id, "19.00", version=4)


@pytest.mark.parametrize(
    "every", [pytest.param(3, id="sampled"), pytest.param(1, id="all", marks=pytest.mark.long)]
)
def test_a_killed_proposal_below_the_limit_leaves_nothing_or_all_of_it(every: int) -> None:
    maker, booking, id = support(), given(set_("100.00", currency="ILS")), uuid4()
    with limit("ILS", "10.00"):
        deaths = 0
        for _step in killed_at_each_step(
            "tests.events.corrections.killed:propose", booking, str(id), str(maker.pk), every=every
        ):
            deaths += 1
            kept = Correction.objects.filter(pk=id).first()
            assert head(booking).version == (1 if kept is None else 2)
            assert kept is None or kept.state == "approved"
        assert deaths > 15 // every
    assert len(events_of(corrections.get(id))) == 1


def test_two_leads_at_once_approve_once() -> None:
    for _ in range(10):
        correction = waiting(contra(toll_charged_twice()))
        answers = together(
            [
                lambda by=by, pk=correction.pk: outcome(
                    lambda: corrections.approve(pk, by=by, seen_version=3)
                )
                for by in (lead(), lead(), lead())
            ]
        )
        approved = [answer for answer in answers if isinstance(answer, Correction)]
        refused = [answer for answer in answers if isinstance(answer, LedgerError)]
        assert len(approved) == 1
        assert all(isinstance(answer, CorrectionDecided) for answer in refused)
        assert len(events_of(correction)) == 1


def test_one_person_pressing_often_gets_the_same_answer() -> None:
    correction, checker = waiting(contra(toll_charged_twice())), lead()
    answers = together([lambda: corrections.approve(correction.pk, by=checker, seen_version=3)] * 6)
    assert {answer.event_version for answer in answers} == {4}
    assert len(events_of(correction)) == 1


def test_approving_and_withdrawing_at_once_is_one_of_both() -> None:
    for _ in range(10):
        maker, checker = support(), support()
        correction = waiting(contra(toll_charged_twice()), maker)
        deeds: list[Callable[[], Correction]] = [
            lambda pk=correction.pk, by=checker: corrections.approve(pk, by=by, seen_version=3),  # type: ignore[misc]
            lambda pk=correction.pk, by=maker: corrections.withdraw(pk, by=by, reason="No"),  # type: ignore[misc]
        ]
        answers = together([lambda deed=deed: outcome(deed) for deed in deeds])
        assert sum(isinstance(answer, CorrectionDecided) for answer in answers) == 1
        state = corrections.get(correction.pk).state
        assert len(events_of(correction)) == (state == "approved")


def test_a_contra_approved_twice_by_two_corrections_cancels_once() -> None:
    for _ in range(10):
        booking = toll_charged_twice()
        both = [waiting(contra(booking)) for _ in range(2)]
        answers = together(
            [
                lambda pk=each.pk: outcome(lambda: corrections.approve(pk, by=support(), seen_version=3))
                for each in both
            ]
        )
        assert sum(isinstance(answer, FareMoved) for answer in answers) == 1
        then_fare(booking, "19.00", version=4)


def test_services_go_on_appending_while_corrections_are_approved() -> None:
    booking, checker = toll_charged_twice(), support()
    correction = waiting(contra(booking))

    def approve() -> Correction:
        while True:
            try:
                return corrections.approve(correction.pk, by=checker, seen_version=head(booking).version)
            except FareMoved:
                continue

    tolls = [lambda: [append(booking, add("toll", "1.00")) for _ in range(10)] for _ in range(3)]
    together([*tolls, approve])
    assert len(events_of(correction)) == 1
    then_fare(booking, "49.00", version=34)


def test_the_read_side_is_told_after_the_commit_and_not_of_what_was_undone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[Any] = []

    def note(partitions: set[int], _: str | None) -> None:
        told.append((partitions, corrections.get(UUID(str(correction.pk))).state))

    correction = waiting(contra(toll_charged_twice()))
    monkeypatch.setattr(wakeup, "wake", note)
    with pytest.raises(FareMoved):
        corrections.approve(correction.pk, by=support(), seen_version=2)
    assert told == []
    corrections.approve(correction.pk, by=support(), seen_version=3)
    assert told == [({correction.partition}, "approved")]
