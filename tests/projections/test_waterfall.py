"""Where the columns stand."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.template.loader import render_to_string
from django.utils import translation
from hypothesis import given

from events.event import FareEvent
from projections.steps import Kind, Step, steps_of
from projections.waterfall import (
    DIGIT_WIDTH,
    PLOT_HEIGHT,
    PLOT_TOP,
    SMALL_DIGIT_WIDTH,
    SMALL_LETTER_WIDTH,
    WIDTH,
    Scale,
    Waterfall,
    lay_out,
    row_bars,
)
from tests.builders import add, set_, sub
from tests.projections.histories import any_history, history_of

EXAMPLE = [set_("14.00"), add("toll", "5.00"), add("waiting_fee", "6.40"), sub("promo", "2.00")]

GOLDEN_BARS = [
    ("whole", 74.09, 126.94, 88.41, 119.06, "14.00"),
    ("up", 216.69, 84.43, 88.41, 42.51, "+5.00"),
    ("up", 359.29, 30.0, 88.41, 54.43, "+6.40"),
    ("down", 501.89, 30.0, 88.41, 17.01, "−2.00"),
    ("whole", 644.49, 47.01, 88.41, 198.99, "23.40"),
]


def chart(*changes: dict[str, object]) -> Waterfall:
    events = history_of(*changes)
    waterfall = lay_out(steps_of(events), events[0].exponent)
    assert waterfall is not None
    return waterfall


def test_the_bars_of_the_example_stand_where_they_always_stood() -> None:
    bars = [(bar.kind, bar.x, bar.y, bar.width, bar.height, bar.value) for bar in chart(*EXAMPLE).bars]
    assert bars == GOLDEN_BARS


def test_the_row_bars_of_the_example_stand_where_they_always_stood() -> None:
    bars = [(bar.kind, bar.start, bar.length, bar.zero) for bar in row_bars(history_of(*EXAMPLE))]
    assert bars == [
        ("whole", 0.0, 55.12, 0.0),
        ("up", 55.12, 19.69, 0.0),
        ("up", 74.8, 25.2, 0.0),
        ("down", 92.13, 7.87, 0.0),
    ]


def test_no_steps_are_no_chart() -> None:
    assert lay_out([], 2) is None


def test_a_fare_below_zero_hangs_from_the_zero_line() -> None:
    waterfall = chart(set_("10.00"), sub("goodwill", "16.00"))
    zero = next(tick.y for tick in waterfall.ticks if tick.is_zero)
    total = waterfall.bars[-1]
    assert (total.value, total.y) == ("−6.00", zero)
    assert total.y + total.height == PLOT_TOP + PLOT_HEIGHT


def test_a_change_of_nothing_is_a_flat_bar() -> None:
    bar = chart(set_("10.00"), add("toll", "0.00")).bars[1]
    assert (bar.kind, bar.height, bar.value) == ("same", 0.0, "0.00")


def test_signs_stand_in_the_text() -> None:
    assert [bar.value for bar in chart(*EXAMPLE).bars] == ["14.00", "+5.00", "+6.40", "−2.00", "23.40"]


def test_a_narrow_column_shortens_its_amount_and_keeps_the_exact_one_in_its_title() -> None:
    fees = [add(f"fee_{number}", "27500.00") for number in range(11)]
    bars = chart(set_("1250000.00", currency="IDR"), *fees).bars
    assert (bars[0].value, bars[1].value) == ("1,250.0k", "+27.5k")
    assert bars[1].title == "fee 0 v2: +27,500.00"


def test_all_columns_tell_their_amounts_alike_and_the_last_one_exactly() -> None:
    fees = [add(f"fee_{number}", "51.00") for number in range(10)]
    values = [bar.value for bar in chart(set_("100.00"), add("surge", "12280.40"), *fees).bars]
    assert values == ["100", "+12,280", *["+51"] * 10, "12,890.40"]


def test_what_only_rounding_makes_zero_is_not_said_to_be_zero() -> None:
    fees = [add(f"fee_{number}", "0.01") for number in range(11)]
    values = [bar.value for bar in chart(set_("1250000.00"), *fees).bars]
    assert values == ["1,250.0k", *["≈0"] * 11, "1,250,000.11"]


@pytest.mark.parametrize("amount", ["1.00", "1250000.00", "9999999999999.00"])
def test_neighbours_of_twelve_columns_leave_room_for_each_other(amount: str) -> None:
    changes = [add("waiting_fee_at_destination", amount), sub("promotional_discount", amount)] * 6
    waterfall = chart(set_(amount), *changes[:11])
    slot = waterfall.bars[1].middle - waterfall.bars[0].middle
    for bar in waterfall.bars[:-1]:
        assert len(bar.value) * SMALL_DIGIT_WIDTH <= slot
        assert max(len(line) for line in bar.lines) * SMALL_LETTER_WIDTH <= slot - 5
    assert waterfall.bars[-1].middle + len(waterfall.bars[-1].value) * DIGIT_WIDTH / 2 <= WIDTH


@pytest.mark.parametrize(
    ("amount", "texts"),
    [
        ("1200.00", ["0.00", "500.00", "1,000.00"]),
        ("12000.00", ["0k", "5k", "10k"]),
        ("1800000.00", ["0.0M", "0.5M", "1.0M", "1.5M"]),
    ],
)
def test_the_axis_has_one_unit(amount: str, texts: list[str]) -> None:
    assert [tick.text for tick in chart(set_(amount), add("toll", "1.00")).ticks] == texts


def test_a_long_label_ends_in_an_ellipsis_on_the_second_line() -> None:
    name = "a_component_with_a_name_of_48_characters_at_most"
    lines = chart(set_("10.00"), *[add(name, "1.00")] * 5).bars[1].lines
    assert len(lines) == 2
    assert lines[1].endswith("…")


@pytest.mark.parametrize(
    ("low", "high", "exponent", "ticks"),
    [
        ("0", "25.40", 2, ["0", "10", "20"]),
        ("0", "3", 0, ["0", "1", "2", "3"]),
        ("-6", "10", 2, ["-5", "0", "5", "10"]),
        ("0", "0.004", 3, ["0.000", "0.001", "0.002", "0.003", "0.004"]),
    ],
)
def test_ticks_are_round_and_hold_zero(low: str, high: str, exponent: int, ticks: list[str]) -> None:
    scale = Scale.over([Decimal(low), Decimal(high)])
    assert scale.ticks(exponent) == [Decimal(tick) for tick in ticks]


@given(any_history())
def test_bars_end_where_the_fares_lie_and_stay_in_the_plot(events: list[FareEvent]) -> None:
    steps = steps_of(events)
    waterfall = lay_out(steps, events[0].exponent)
    if waterfall is None:
        return
    scale = Scale.over(fare for step in steps for fare in (step.before, step.after))
    for step, bar in zip(steps, waterfall.bars, strict=True):
        ends = sorted(height(scale, fare) for fare in (step.before, step.after))
        assert (bar.y, bar.y + bar.height) == pytest.approx(tuple(ends), abs=0.02)
        assert PLOT_TOP <= bar.y <= bar.y + bar.height <= PLOT_TOP + PLOT_HEIGHT + 0.02
        assert waterfall.left <= bar.x < bar.right <= WIDTH
    assert any(tick.is_zero for tick in waterfall.ticks)


def height(scale: Scale, fare: Decimal) -> float:
    return PLOT_TOP + PLOT_HEIGHT * float((scale.high - fare) / (scale.high - scale.low))


@given(any_history())
def test_row_bars_end_at_the_fares_too(events: list[FareEvent]) -> None:
    bars = row_bars(events)
    fares = [event.fare for event in events]
    scale = Scale.over([*fares, *(event.fare - event.change for event in events)])
    for bar, fare in zip(bars, fares, strict=True):
        end = float(scale.share(fare) * 100)
        assert min(abs(bar.start - end), abs(bar.start + bar.length - end)) <= 0.02
        assert -0.01 <= bar.start <= bar.start + bar.length <= 100.02


def test_coordinates_keep_their_point_in_a_language_with_a_decimal_comma() -> None:
    with translation.override("de"):
        svg = render_to_string("fares/waterfall.svg", {"chart": chart(*EXAMPLE), "sentence": "The fare."})
    assert f'y="{GOLDEN_BARS[1][2]}"' in svg
    assert "<desc" in svg
    assert "The fare." in svg


def test_a_change_of_next_to_nothing_is_still_seen_and_in_its_colour() -> None:
    changes = [set_("99999.00"), add("toll", "0.01"), sub("promo", "0.02")]
    drawn = chart(*changes)
    assert [(bar.kind, bar.is_flat) for bar in drawn.bars] == [
        ("whole", False),
        ("up", True),
        ("down", True),
        ("whole", False),
    ]
    svg = render_to_string("fares/waterfall.svg", {"chart": drawn, "sentence": "The fare."})
    assert svg.count("fh-flat") == 2
    for bar in row_bars(history_of(*changes)):
        svg = render_to_string("fares/row_bar.svg", {"bar": bar})
        assert 'width="0.0"' not in svg  # a rectangle of no width has no stroke either


def test_a_step_knows_its_change() -> None:
    assert Step("toll", "", Kind.UP, Decimal("14.00"), Decimal("19.00")).change == Decimal("5.00")
