"""The list of drift: both values side by side, and put right from there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from events.partitions import partition_of
from projections import drift, runner, set_aside
from projections.admin.drift_lines import differing
from projections.models import CurrentFare, Drift
from projections.projectors import projector
from tests.audits import acts_of
from tests.builders import add, given, set_
from tests.projections.admin.conftest import Sent
from tests.projections.admin.pages import DRIFT, messages_of, text_of
from tests.projections.repairing import repair_of, repaired
from tests.staff import signed_in

VIEW = projector("current_fare")
PUT_RIGHT = f"{DRIFT}put-right/"


@pytest.fixture
def drifted() -> Iterator[str]:
    """A booking whose toll is 7.00 in the view and 5.00 in the ledger, found by the drift monitor."""
    booking = given(set_("14.00"), add("toll", "5.00"))
    runner.drain(VIEW, [partition_of(booking)])
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE projection.current_fare SET fare_minor = 2100, component_amounts = '{1400,700}'"
            " WHERE partition = %s AND booking_id = %s",
            [partition_of(booking), booking],
        )
    drift.check_now(VIEW, [booking])
    yield booking
    set_aside.fold_anew(VIEW, booking)
    Drift.objects.filter(booking_id=booking).delete()


def drift_of(booking: str) -> Drift:
    return Drift.objects.get(booking_id=booking)


def test_both_values_stand_side_by_side_in_words(operator: Client, drifted: str) -> None:
    text = text_of(operator.get(DRIFT))
    assert drifted in text
    assert "fare SGD 21.00 SGD 19.00" in text
    assert "base fare 14.00 + toll 7.00 base fare 14.00 + toll 5.00" in text.replace(
        "\N{NO-BREAK SPACE}", " "
    )
    assert "by the drift monitor" in text


def test_it_leads_to_the_fare_at_the_first_version_that_differs(operator: Client, drifted: str) -> None:
    version = drift_of(drifted).first_version
    assert version is not None
    link = f"/currentfare/{drifted}/change/?before={version + 1}#v{version}"
    assert link in operator.get(DRIFT).content.decode()


def test_putting_right_is_a_workers_and_the_audit_says_who_asked(drifted: str, sent: list[Sent]) -> None:
    client = signed_in("operator")
    answer = client.post(PUT_RIGHT, {"only": drift_of(drifted).pk, "back": "projection=current_fare"})
    repair = repair_of(answer)
    assert CurrentFare.objects.get(booking_id=drifted).fare_minor == 2100  # the request has folded nothing
    assert [(each.task, each.arguments) for each in sent] == [
        ("projections.repair", {"repair_id": str(repair.pk)})
    ]
    details = {"projection": "current_fare", "repair": str(repair.pk)}
    assert acts_of(client) == [("projection_repaired", drifted, details)]
    assert "Putting drift right: 0 of 1 booking" in text_of(client.get(DRIFT))


def test_a_worker_folds_the_booking_anew(drifted: str) -> None:
    client = signed_in("operator")
    address = repaired(client.post(PUT_RIGHT, {"only": drift_of(drifted).pk}))
    assert f"{drifted} in Current fare is put right." in text_of(client.get(address))
    assert CurrentFare.objects.get(booking_id=drifted).fare_minor == 1900
    assert drift_of(drifted).put_right_at is not None
    assert drifted not in text_of(client.get(DRIFT))
    assert drifted in text_of(client.get(f"{DRIFT}?state=put-right"))


def test_all_that_are_selected_are_put_right(drifted: str) -> None:
    repaired(signed_in("operator").post(PUT_RIGHT, {"drift": [drift_of(drifted).pk]}))
    assert drift_of(drifted).put_right_at is not None


def test_what_fails_is_said_and_stays_open(drifted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(page: object) -> None:
        raise ZeroDivisionError("of a test")

    client = signed_in("operator")
    with monkeypatch.context() as patched:
        patched.setattr(VIEW, "apply", fail)
        address = repaired(client.post(PUT_RIGHT, {"only": drift_of(drifted).pk}))
    text = text_of(client.get(address))
    assert f"{drifted} in Current fare could not be put right." in text
    assert "ZeroDivisionError: of a test" in text
    assert drift_of(drifted).put_right_at is None


@pytest.mark.parametrize("form", [{}, {"only": "x"}, {"only": "9" * 30}, {"drift": ["0", "-1"]}])
def test_nothing_selected_changes_nothing(form: dict[str, Any]) -> None:
    answer = signed_in("operator").post(PUT_RIGHT, {**form, "back": "state=put-right&x=%00"})
    assert answer["Location"] == f"{DRIFT}?state=put-right"
    assert messages_of(answer) == ["Nothing was selected, or all of it is right already."]


def test_a_row_of_no_booking_is_put_right_by_a_rebuild(operator: Client) -> None:
    row = Drift.objects.create(
        projection="daily_totals",
        partition=7,
        table="daily_totals",
        key={"partition": 7, "component": "toll"},
        stored={"events": 2},
        rebuilt={"events": 3},
    )
    content = operator.get(f"{DRIFT}?projection=daily_totals").content.decode()
    assert "/rebuild/of/daily_totals/?partitions=7" in content
    answer = signed_in("operator").post(PUT_RIGHT, {"only": row.pk})
    [said] = messages_of(answer)
    assert "is put right by a rebuild only" in said
    row.delete()


@pytest.mark.parametrize("query", ["?before=x", "?rebuild=x", "?projection=x", "?before=" + "9" * 40])
def test_what_an_address_cannot_mean_is_left_out(operator: Client, query: str) -> None:
    assert operator.get(DRIFT + query).status_code == 200


def test_a_missing_row_is_said_in_one_line() -> None:
    row = {"fare_minor": 1400, "exponent": 2, "currency": "SGD"}
    [value] = differing(None, row)
    assert (value.name, value.stored, value.rebuilt) == ("row", "missing", "SGD 14.00")


def test_columns_that_are_no_money_are_shown_as_they_are() -> None:
    values = differing({"events": 2, "seen": None, "same": 1}, {"events": 3, "seen": "now", "same": 1})
    assert [(v.name, v.stored, v.rebuilt) for v in values] == [("events", "2", "3"), ("seen", "–", "now")]


def test_more_than_a_page_leads_to_the_older_ones_each_row_once(operator: Client) -> None:
    rows = Drift.objects.bulk_create(
        Drift(projection="booking_search", partition=0, table="booking_search", key={"of_a_test": number})
        for number in range(27)
    )
    Drift.objects.filter(pk=rows[1].pk).update(found_again=True)
    try:
        answer = operator.get(f"{DRIFT}?projection=booking_search")
        assert "Older" in text_of(answer)
        older = answer.context["page"].next_query
        assert f'href="?{older}"'.replace("&", "&amp;") in answer.content.decode()
        text = text_of(operator.get(f"{DRIFT}?{older}"))
        assert "of a test 0" in text
        assert "of a test 1 " not in text
    finally:
        Drift.objects.filter(pk__in=[row.pk for row in rows]).delete()
