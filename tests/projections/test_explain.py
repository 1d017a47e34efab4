"""The sentences that support staff read out."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given

from events.event import FareEvent, Origin
from projections.explain import MAX_TERMS, explain_event, explain_fare, explain_stated_total, terms_of
from tests.builders import add, set_, sub
from tests.projections.histories import any_history, history_of


def fare_sentence(*changes: dict[str, object]) -> str:
    head = history_of(*changes)[-1]
    return plain(explain_fare(head.components, head.currency, head.exponent))


def plain(sentence: str) -> str:
    return sentence.replace("\N{NO-BREAK SPACE}", " ")


def test_a_fare_is_explained_by_its_components() -> None:
    sentence = fare_sentence(
        set_("14.00"), add("toll", "5.00"), add("waiting_fee", "6.40"), sub("promo", "2.00")
    )
    assert sentence == "The fare is SGD 23.40: base fare 14.00 + toll 5.00 + waiting fee 6.40 − promo 2.00."


def test_a_fare_of_one_component_says_so() -> None:
    assert fare_sentence(set_("14.00")) == "The fare is SGD 14.00, all of it base fare."


def test_components_at_zero_are_not_mentioned() -> None:
    sentence = fare_sentence(set_("14.00"), add("toll", "5.00"), sub("toll", "5.00"))
    assert sentence == "The fare is SGD 14.00, all of it base fare."


def test_a_fare_that_came_down_to_zero_shows_what_cancelled_out() -> None:
    sentence = fare_sentence(set_("12.00"), sub("cancellation", "12.00"))
    assert sentence == "The fare is SGD 0.00: base fare 12.00 − cancellation 12.00."


def test_a_fare_that_never_was_is_nothing_due() -> None:
    assert fare_sentence(set_("0.00"), add("toll", "0.00")) == "The fare is SGD 0.00: nothing is due."


def test_a_fare_below_zero_says_that_it_is() -> None:
    sentence = fare_sentence(set_("10.00"), sub("goodwill", "13.00"))
    assert sentence == "The fare is SGD −3.00, which is below zero: base fare 10.00 − goodwill 13.00."


def test_what_was_added_comes_before_what_was_taken_off() -> None:
    sentence = fare_sentence(set_("10.00"), sub("promo", "1.00"), add("toll", "2.00"))
    assert sentence == "The fare is SGD 11.00: base fare 10.00 + toll 2.00 − promo 1.00."


def test_decimals_are_the_currencys() -> None:
    assert fare_sentence(set_("3400", currency="JPY")).startswith("The fare is JPY 3,400,")
    assert fare_sentence(set_("2.750", currency="KWD")).startswith("The fare is KWD 2.750,")


def test_of_a_hundred_components_the_largest_are_named_and_the_rest_is_one_sum() -> None:
    components = {f"fee_{number}": Decimal(number) for number in range(1, 101)}
    sentence = plain(explain_fare(components, "SGD", 2))
    assert sentence == (
        "The fare is SGD 5,050.00: fee 95 95.00 + fee 96 96.00 + fee 97 97.00 + fee 98 98.00 + fee 99 99.00"
        " + fee 100 100.00 + 94 other components 4,465.00."
    )


@given(any_history())
def test_the_terms_of_a_sentence_always_sum_to_the_fare(events: list[FareEvent]) -> None:
    head = events[-1]
    terms = terms_of(head.components)
    assert len(terms) <= MAX_TERMS
    assert sum((term.amount for term in terms), Decimal(0)) == head.fare


def test_each_kind_of_event_is_a_sentence_in_plain_words() -> None:
    events = history_of(
        set_("14.00", source="pricing"),
        add("toll", "5.00", source="toll-gateway"),
        sub("promo", "2.00", source="promo"),
    )
    assert [explain_event(event) for event in events] == [
        "Pricing set the fare to SGD 14.00 (base fare).",
        "Toll gateway added SGD 5.00 toll.",
        "Promo took SGD 2.00 off (promo).",
    ]


def test_a_set_that_replaces_a_fare_says_from_what_to_what() -> None:
    event = history_of(set_("14.00"), add("toll", "5.00"), set_("21.00"))[-1]
    assert explain_event(event) == "Pricing set the fare from SGD 19.00 to SGD 21.00 (base fare)."


def test_a_person_is_named_beside_the_service_and_kept_apart_from_the_sentences_direction() -> None:
    event = history_of(set_("14.00", source="support", actor="أحمد"))[0]
    assert explain_event(event) == "Support (\u2068أحمد\u2069) set the fare to SGD 14.00 (base fare)."


@pytest.mark.parametrize("name", ["%(amount)s", "100%", "{0}"])
def test_a_persons_name_is_never_taken_for_a_placeholder(name: str) -> None:
    assert f"\u2068{name}\u2069" in explain_event(history_of(set_("14.00", actor=name))[0])


def test_a_name_cannot_turn_the_amounts_around() -> None:
    event = history_of(set_("14.00", source="support", actor="mei\u2069\u202e"))[0]
    assert explain_event(event) == "Support (\u2068mei\u2069) set the fare to SGD 14.00 (base fare)."
    event = history_of(set_("14.00", source="support", actor="\u202e"))[0]
    assert explain_event(event) == "Support set the fare to SGD 14.00 (base fare)."


def test_sentences_stay_whole_in_a_language_without_translation() -> None:
    with translation.override("de"):
        assert fare_sentence(set_("14.00")) == "The fare is SGD 14.00, all of it base fare."


def test_a_line_does_not_break_between_a_terms_sign_name_and_amount() -> None:
    components = {"base_fare": Decimal("14.00"), "toll": Decimal("5.00"), "promo": Decimal("-2.00")}
    sentence = explain_fare(components, "SGD", 2)
    assert sentence.endswith("base fare\u00a014.00 +\u00a0toll\u00a05.00 −\u00a0promo\u00a02.00.")


def imported(metadata: str | None, origin: Origin = Origin.IMPORT) -> list[FareEvent]:
    """A fare of 17.00 from a file."""
    events = history_of(set_("14.00", currency="USD"), add("toll", "3.00"))
    first = replace(events[0], origin=origin, metadata_text=metadata)
    return [first, replace(events[1], origin=origin, metadata_text="{}")]


def stated(metadata: str | None, origin: Origin = Origin.IMPORT, fare: str = "17.00") -> str | None:
    return explain_stated_total(imported(metadata, origin), Decimal(fare))


def test_another_total_in_the_imported_file_is_said() -> None:
    sentence = stated('{"stated_total":"23.15"}')
    assert sentence == "The imported file states USD 23.15, which is not the sum of its events."
    assert "USD −1,000.125," in str(stated('{"stated_total":"-1000.125"}'))


def test_a_total_that_the_fare_has_by_now_is_not_said() -> None:
    assert stated('{"stated_total":"23.15"}', fare="23.15") is None


def test_only_an_importers_word_counts() -> None:
    assert stated('{"stated_total":"23.15"}', Origin.API) is None


def test_a_set_after_the_import_leaves_nothing_to_say() -> None:
    later = history_of(set_("14.00"), add("toll", "3.00"), set_("9.00"))[-1]
    events = [*imported('{"stated_total":"23.15"}'), later]
    assert explain_stated_total(events, later.fare) is None
    assert explain_stated_total(events[1:2], Decimal("17.00")) is None


@pytest.mark.parametrize(
    "value",
    [
        "null",
        "true",
        "23.15",
        "[]",
        "{}",
        '""',
        '"x"',
        '"1e9"',
        '"NaN"',
        '"٣"',
        '" 1"',
        '"1."',
        f'"{"9" * 500}"',
    ],
)
def test_whatever_else_the_metadata_holds_is_passed_over(value: str) -> None:
    assert stated(f'{{"stated_total":{value}}}') is None


@pytest.mark.parametrize("metadata", [None, "{}"])
def test_no_metadata_and_erased_metadata_state_nothing(metadata: str | None) -> None:
    assert stated(metadata) is None
