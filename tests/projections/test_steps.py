"""Which columns the waterfall has."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from hypothesis import given

from events.event import FareEvent
from projections.steps import MAX_COLUMNS, Kind, steps_of, steps_of_components
from tests.builders import add, set_, sub
from tests.projections.histories import any_history, history_of


def columns(*changes: dict[str, object]) -> list[tuple[str, str, str, str]]:
    """Label, note, kind and where each column ends."""
    return [(step.label, step.note, step.kind, str(step.after)) for step in steps_of(history_of(*changes))]


def test_up_to_twelve_events_are_a_column_each_and_the_fare_ends_the_row() -> None:
    assert columns(set_("14.00"), add("toll", "5.00"), sub("promo", "2.00")) == [
        ("base fare", "v1", "whole", "14.00"),
        ("toll", "v2", "up", "19.00"),
        ("promo", "v3", "down", "17.00"),
        ("fare", "", "whole", "17.00"),
    ]


def test_one_event_needs_no_chart() -> None:
    assert columns(set_("14.00")) == []
    assert steps_of([]) == []


def test_a_fare_that_was_zero_throughout_needs_no_chart() -> None:
    assert columns(set_("0.00"), add("toll", "0.00")) == []


def test_an_event_that_changes_nothing_keeps_its_column() -> None:
    assert ("toll", "v2", "same", "14.00") in columns(set_("14.00"), add("toll", "0.00"))


def test_a_later_set_stands_on_zero() -> None:
    step = steps_of(history_of(set_("14.00"), add("toll", "5.00"), set_("30.00")))[2]
    assert (step.kind, step.before, step.after) == (Kind.WHOLE, Decimal(0), Decimal("30.00"))


def test_more_events_are_grouped_by_component() -> None:
    changes = [set_("14.00"), *[add("toll", "1.00")] * 7, sub("promo", "2.00"), *[add("tip", "0.50")] * 4]
    assert columns(*changes) == [
        ("base fare", "v1", "whole", "14.00"),
        ("toll", "×7", "up", "21.00"),
        ("promo", "", "down", "19.00"),
        ("tip", "×4", "up", "21.00"),
        ("fare", "", "whole", "21.00"),
    ]


def test_a_grouped_chart_begins_at_the_latest_set() -> None:
    changes = [set_("14.00"), *[add("toll", "1.00")] * 11, set_("30.00"), add("toll", "1.00")]
    assert columns(*changes) == [
        ("base fare", "v13", "whole", "30.00"),
        ("toll", "", "up", "31.00"),
        ("fare", "", "whole", "31.00"),
    ]


def test_a_long_history_that_ends_with_a_set_needs_no_chart() -> None:
    assert columns(set_("14.00"), *[add("toll", "1.00")] * 12, set_("30.00")) == []


def test_a_breakdown_is_a_column_per_component_that_leads_to_the_fare() -> None:
    components = {"base_fare": Decimal("14.00"), "toll": Decimal("5.00"), "promo": Decimal("-2.00")}
    assert [(step.label, step.kind, str(step.after)) for step in steps_of_components(components)] == [
        ("base fare", "whole", "14.00"),
        ("toll", "up", "19.00"),
        ("promo", "down", "17.00"),
        ("fare", "whole", "17.00"),
    ]


def test_a_breakdown_of_one_component_needs_no_chart() -> None:
    assert steps_of_components({"base_fare": Decimal("14.00")}) == []


def test_a_breakdown_of_very_many_components_shares_a_column_too() -> None:
    components = {f"fee_{number}": Decimal(number) for number in range(1, 101)}
    steps = steps_of_components(components)
    assert len(steps) == MAX_COLUMNS + 1  # and the fare itself
    assert (steps[-2].label, steps[-1].after) == ("89 other components", Decimal(5050))
    assert {step.note for step in steps} == {""}  # a breakdown does not tell how many events there were


def test_of_very_many_components_the_smallest_share_a_column() -> None:
    changes = [set_("14.00"), *(add(f"fee_{number}", f"{number}.00") for number in range(1, 41))]
    labels = [label for label, *_ in columns(*changes)]
    assert len(labels) <= MAX_COLUMNS + 1
    assert labels[:2] == ["base fare", "fee 31"]
    assert labels[-2:] == ["30 other components", "fare"]


@given(any_history())
def test_the_columns_always_lead_to_the_fare(events: list[FareEvent]) -> None:
    steps = steps_of(events)
    if not steps:
        return
    assert len(steps) <= MAX_COLUMNS + 1
    assert steps[-1].after == steps[-2].after == events[-1].fare
    for step, following in pairwise(steps):
        assert following.before == (0 if following.kind == Kind.WHOLE else step.after)
