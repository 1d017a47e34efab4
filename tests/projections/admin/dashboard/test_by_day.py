"""Fares by day and component: the table says what the totals say, the chart draws it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from projections.admin.dashboard import by_day
from projections.admin.dashboard.by_day import ByDay
from projections.admin.dashboard.card import Asked
from projections.admin.dashboard.chart import WIDE, Column, lay_out
from projections.wording import MINUS
from tests.builders import add, given, set_, sub, unused_currency
from tests.projections.admin.pages import text_of
from tests.staff import staff


def computed(currency: str = "", **fields: object) -> ByDay:
    return by_day.compute(Asked(staff("viewer"), currency=currency, **fields))  # type: ignore[arg-type]


def drawn(*changes: str, exponent: int = 2) -> list[list[float]]:
    """Top and height of the pieces of one column, from its series."""
    column = Column("today", "1 Jan", [Decimal(change) for change in changes])
    chart = lay_out([column], ["a", "b", "c", "d"], exponent, WIDE)
    return [[piece.y, piece.height] for piece in chart.bars[0].pieces]


def test_the_table_says_what_each_component_changed() -> None:
    currency = unused_currency()
    given(set_("14.00", currency=currency), add("toll", "5.00"), sub("promo", "2.50"))
    given(set_("10.00", currency=currency))
    _count()
    card = computed(currency)
    assert card.series == ["Base fare", "Toll", "Promo"]
    row = card.rows[0]
    assert (row.is_today, row.cells, row.all) == (True, ["+24.00", "+5.00", f"{MINUS}2.50"], "+26.50")
    assert len(card.rows) == by_day.DAYS
    assert {row.all for row in card.rows[1:]} == {"0.00"}
    assert card.sentence == f"On 1 of the last 14 days fares changed, by {currency} 26.50 in all."


def test_the_decimals_are_the_currencys() -> None:
    currency = unused_currency(exponent=0)
    given(set_("1400", currency=currency))
    _count()
    assert computed(currency).rows[0].all == "+1,400"


def test_more_components_than_there_are_colours_are_summed() -> None:
    currency = unused_currency()
    components = [add(f"fee_{number}", f"{number}.00") for number in range(1, 9)]
    given(set_("20.00", currency=currency), *components)
    _count()
    card = computed(currency)
    assert card.series == ["Base fare", "Fee 8", "Fee 7", "Fee 6", "Fee 5", "Others"]
    assert card.rows[0].cells[-1] == "+10.00"
    assert card.rows[0].all == "+56.00"


@pytest.mark.usefixtures("counted")
def test_without_a_choice_it_is_a_currency_that_there_is() -> None:
    given(set_("14.00"))
    _count()
    for chosen in (computed(), computed("ZZZ")):
        assert chosen.currency in {choice.words for choice in chosen.choices}
        assert [choice.words for choice in chosen.choices if choice.is_chosen] == [chosen.currency]


def test_where_nothing_happened_lately_it_says_so(viewer: Client) -> None:
    later = timezone.now() + timedelta(days=by_day.DAYS + 1)
    card = computed(now=later)
    assert card.is_empty
    assert (card.wide, card.narrow) == (None, None)


def test_totals_that_are_behind_say_so() -> None:
    _count()
    given(set_("14.00"))
    assert computed().behind == ""  # a moment is no delay
    assert "behind" in computed(now=timezone.now() + timedelta(minutes=3)).behind
    _count()


def test_the_page_has_the_chart_and_the_table(viewer: Client) -> None:
    currency = unused_currency()
    given(set_("14.00", currency=currency))
    _count()
    answer = viewer.get(f"/admin/?currency={currency}")
    content = answer.content.decode()
    assert content.count('<svg class="fh-days-chart"') == 2  # one is for narrow screens
    assert f"On 1 of the last 14 days fares changed, by {currency} 14.00 in all." in text_of(answer)
    assert 'style="' not in content[content.index("fh-board") : content.index("fh-legend")]


def test_what_goes_up_stands_above_zero_and_what_goes_down_below() -> None:
    (up, down, more) = drawn("10.00", "-4.00", "6.00")
    zero = up[0] + up[1]
    assert down[0] == zero
    assert more[0] + more[1] == up[0]
    assert down[1] == pytest.approx(up[1] * 0.4, abs=0.02)


@pytest.mark.parametrize("changes", [("0", "0"), ("-5.00",), ("0.01",), ("999999999999.99", "-0.01")])
def test_any_changes_are_drawn_within_the_chart(changes: tuple[str, ...]) -> None:
    for top, height in drawn(*changes):
        assert top >= 0
        assert height >= 0
        assert top + height <= WIDE.height


def test_a_chart_of_nothing_has_its_days() -> None:
    chart = lay_out([Column("1 Jan", "1 Jan", []), Column("today", "2 Jan", [])], [], 0, WIDE)
    assert [(bar.label, bar.value, bar.pieces) for bar in chart.bars] == [
        ("1 Jan", "", []),
        ("today", "", []),
    ]


def test_large_sums_are_told_short_so_that_they_fit() -> None:
    columns = [Column(str(day), str(day), [Decimal("123456789.12")]) for day in range(14)]
    chart = lay_out(columns, ["Toll"], 2, WIDE)
    assert {bar.value for bar in chart.bars} == {"123.5M"}
    assert chart.bars[0].pieces[0].title == "0, Toll: +123,456,789.12"


def _count() -> None:
    from projections import runner
    from projections.projectors import projector

    view = projector("daily_totals")
    runner.drain(view, runner.lagging(view))
