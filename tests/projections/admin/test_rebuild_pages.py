"""Rebuilds in the admin: asked for by a form, done by workers, told in words."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.db import connection
from django.test import Client

from events.partitions import partition_of
from projections import leases, rebuild, runner, tasks
from projections.admin import rebuilds as rebuilds_admin
from projections.admin.dashboard import card
from projections.admin.projections import _all
from projections.models import Drift, Rebuild
from projections.projectors import projector
from tests.audits import acts_of
from tests.builders import add, given, set_
from tests.projections.admin.conftest import Sent
from tests.projections.admin.pages import PROJECTIONS, REBUILDS, messages_of, text_of
from tests.projections.rebuild.views import LaterVersion, running
from tests.staff import signed_in

VIEW = projector("current_fare")
START = f"{REBUILDS}of/current_fare/"

pytestmark = pytest.mark.usefixtures("no_rebuild")


def started(client: Client, **form: Any) -> tuple[Rebuild, Any]:
    answer = client.post(START, form, headers={"X-Request-ID": f"of-{uuid4()}"})
    assert answer.status_code == 302
    return Rebuild.objects.get(pk=answer["Location"].strip("/").rsplit("/", 1)[1]), answer


def damaged_booking() -> str:
    booking = given(set_("14.00"), add("toll", "5.00"))
    runner.drain(VIEW, [partition_of(booking)])
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE projection.current_fare SET fare_minor = 2100, component_amounts = '{1400,700}'"
            " WHERE partition = %s AND booking_id = %s",
            [partition_of(booking), booking],
        )
    return booking


def waiting(differences: int = 2) -> Rebuild:
    """A run of a new version that waits for somebody."""
    run = rebuild.start("current_fare")
    Rebuild.objects.filter(pk=run.pk).update(state=Rebuild.State.WAITING, differences=differences)
    return rebuild.get(run.pk)


def test_a_rebuild_is_noted_and_handed_to_the_workers_not_done_in_the_request(sent: list[Sent]) -> None:
    client = signed_in("operator")
    run, answer = started(client)
    person = answer.wsgi_request.user
    assert (run.state, run.requested_by) == (Rebuild.State.BUILDING, person.get_username())
    assert run.request_id == answer.wsgi_request.request_id
    [task] = [one for one in sent if one.task == "projections.rebuild"]
    assert task.arguments == {"rebuild_id": str(run.pk)}
    assert task.headers["actor"] == person.get_username()
    assert acts_of(client) == [
        ("rebuild_started", None, {"projection": "current_fare", "rebuild": str(run.pk)})
    ]


def test_the_form_says_which_partitions_and_what_to_do_at_the_end(sent: list[Sent]) -> None:
    run, _ = started(signed_in("operator"), partitions="0-2, 7,7", dry_run="on")
    assert (run.partitions, run.dry_run, run.accept) == ([0, 1, 2, 7], True, False)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"partitions": "x"}, "“x” is no partition and no span such as 0-7."),
        ({"partitions": "0-99"}, "The highest partition is "),
        ({"partitions": "7-2"}, "“7-2” ends before it begins."),
        ({"partitions": "-1"}, "“-1” is no partition"),
        ({"partitions": "٣"}, "“٣” is no partition"),
        ({"partitions": ","}, "no partition was named"),
        ({"dry_run": "on", "accept": "on"}, "Choose one"),
    ],
)
def test_what_cannot_be_meant_is_said_and_what_was_typed_stays(
    operator: Client, form: dict[str, str], said: str
) -> None:
    answer = operator.post(START, form)
    assert said in text_of(answer)
    if "partitions" in form:
        assert f'value="{form["partitions"]}"' in answer.content.decode()
    assert rebuild.unfinished("current_fare") is None


def test_a_second_rebuild_is_not_begun_beside_one_that_runs(operator: Client, sent: list[Sent]) -> None:
    run, _ = started(operator)
    page = operator.get(START)
    assert "is not finished yet" in text_of(page)
    assert str(run.pk) in page.content.decode()
    assert "under way with other partitions" in text_of(operator.post(START, {"partitions": "3"}))


def test_without_workers_to_reach_it_is_noted_for_later(no_broker: None) -> None:
    run, answer = started(signed_in("operator"))
    assert rebuild.unfinished("current_fare") == run
    [said] = messages_of(answer)
    assert said.startswith("The rebuild is noted, but the workers cannot be reached now.")


def test_a_run_tells_how_far_it_is_and_who_asked(operator: Client, sent: list[Sent]) -> None:
    given(set_("14.00"))
    run, answer = started(signed_in("operator"))
    assert leases.take(f"rebuild:{run.pk}", "a worker", 30)
    content = operator.get(f"{REBUILDS}{run.pk}/").content.decode()
    text = text_of(operator.get(f"{REBUILDS}{run.pk}/?live"))
    assert "A second copy is being computed from the ledger." in text
    assert " events" in text
    assert answer.wsgi_request.user.get_username() in text
    assert "<progress" in content
    assert "data-fh-ended" not in content
    assert "Being rebuilt" in text_of(operator.get(PROJECTIONS))


def test_a_run_that_no_worker_has_in_hand_says_so(
    operator: Client, sent: list[Sent], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that only follows would say "Computing" for ever."""
    run, _ = started(operator)
    text = text_of(operator.get(f"{REBUILDS}{run.pk}/?live"))
    assert "Waiting for a worker No worker has it in hand." in text.replace("hourglass_empty", "")
    assert "Waiting for a worker" in text_of(operator.get(PROJECTIONS))
    assert leases.take(f"rebuild:{run.pk}", "a worker", 30)
    assert "Computing A second copy is being computed" in text_of(operator.get(f"{REBUILDS}{run.pk}/"))
    monkeypatch.setattr(leases, "_redis", lambda: redis.Redis(port=1, retry=None))
    text = text_of(operator.get(f"{REBUILDS}{run.pk}/?live"))
    assert "Whether a worker has it in hand cannot be told: Redis does not answer." in text


def test_a_worker_at_work_is_seen_as_such(operator: Client, sent: list[Sent]) -> None:
    run, _ = started(operator)
    held: list[bool | None] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rebuild, "run", lambda *_, **__: held.append(tasks.is_at_work(run)) or run)
        tasks.rebuild.apply(kwargs={"rebuild_id": str(run.pk)})
    assert held == [True]


def test_of_two_who_start_the_same_rebuild_the_second_is_told_and_not_noted(sent: list[Sent]) -> None:
    first, second = signed_in("operator"), signed_in("operator")
    run, _ = started(first)
    again, answer = started(second)
    assert again == run
    assert messages_of(answer) == [f"This rebuild was under way already, started by {run.requested_by}."]
    assert acts_of(second) == []
    assert [what for what, *_ in acts_of(first)] == ["rebuild_started"]


def test_what_a_run_found_is_shown_with_both_values(operator: Client, sent: list[Sent]) -> None:
    booking = damaged_booking()
    run, _ = started(operator)
    assert rebuild.run(run.pk).state == Rebuild.State.DONE
    answer = operator.get(f"{REBUILDS}{run.pk}/")
    text = text_of(answer)
    assert "found and put right" in text
    assert booking in text
    assert "fare SGD 21.00 SGD 19.00" in text
    version = Drift.objects.get(rebuild=run, booking_id=booking).first_version
    assert f"/currentfare/{booking}/change/?before={(version or 1) + 1}#v{version}" in answer.content.decode()
    assert "data-fh-ended" in answer.content.decode()
    assert booking in text_of(operator.get(f"/admin/projections/drift/?rebuild={run.pk}"))


def test_a_run_without_differences_says_that_all_was_equal(operator: Client, sent: list[Sent]) -> None:
    runner.drain(VIEW, runner.lagging(VIEW))
    rebuild.run(rebuild.start("current_fare").pk)  # what other tests left
    run, _ = started(operator)
    rebuild.run(run.pk)
    assert "was equal row by row, and was swapped in" in text_of(operator.get(f"{REBUILDS}{run.pk}/"))
    listed = text_of(operator.get(REBUILDS))
    assert "Swapped in, no differences" in listed
    assert "no differences" in text_of(operator.get(f"{PROJECTIONS}current_fare/"))


def test_cancelling_ends_a_run_and_says_who_did(sent: list[Sent]) -> None:
    client = signed_in("operator")
    run, _ = started(client)
    answer = client.post(f"{REBUILDS}{run.pk}/cancel/")
    assert answer["Location"] == f"{REBUILDS}{run.pk}/"
    assert rebuild.get(run.pk).state == Rebuild.State.CANCELLED
    assert "It was cancelled. The view that is read was not touched." in text_of(
        client.get(answer["Location"])
    )
    said = ("rebuild_cancelled", None, {"projection": "current_fare", "rebuild": str(run.pk)})
    assert acts_of(client)[-1] == said
    again = client.post(f"{REBUILDS}{run.pk}/cancel/")
    assert "This run had ended already." in messages_of(again)


def test_a_run_that_waits_is_accepted_by_a_button(sent: list[Sent]) -> None:
    client, run = signed_in("operator"), waiting()
    text = text_of(client.get(f"{REBUILDS}{run.pk}/"))
    assert "The new version gives other rows: 2 differences." in text
    assert "Accept and swap in" in text
    assert re.search("Needs you: [^.]*Current fare", text_of(client.get(PROJECTIONS)))
    answer = client.post(f"{REBUILDS}{run.pk}/accept/")
    assert answer.status_code == 302
    accepted = rebuild.get(run.pk)
    assert (accepted.state, accepted.accept) == (Rebuild.State.SWAPPING, True)
    assert [one.arguments for one in sent if one.task == "projections.rebuild"] == [
        {"rebuild_id": str(run.pk)}
    ]
    assert acts_of(client) == [
        ("rebuild_accepted", None, {"projection": "current_fare", "rebuild": str(run.pk)})
    ]


def test_nothing_but_a_waiting_run_is_accepted(sent: list[Sent]) -> None:
    client = signed_in("operator")
    run, _ = started(client)
    answer = client.post(f"{REBUILDS}{run.pk}/accept/")
    assert "This run does not wait for acceptance any more." in messages_of(answer)
    assert rebuild.get(run.pk).accept is False


@pytest.mark.parametrize("meanwhile", ["cancelled", "accepted", "being cancelled"])
def test_accepting_what_somebody_else_has_decided_begins_no_other_run(
    meanwhile: str, sent: list[Sent], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two press at once: the second has read the run as waiting."""
    run = waiting()
    monkeypatch.setattr(rebuilds_admin, "_rebuild", lambda _id: run)
    if meanwhile == "cancelled":
        rebuild.cancel(run.pk, "another")
    elif meanwhile == "accepted":
        Rebuild.objects.filter(pk=run.pk).update(state=Rebuild.State.DONE)
    else:
        Rebuild.objects.filter(pk=run.pk).update(cancel_requested_at=run.started_at)
    client = signed_in("operator")
    answer = client.post(f"{REBUILDS}{run.pk}/accept/")
    assert messages_of(answer) == ["This run does not wait for acceptance any more."]
    assert acts_of(client) == []
    assert sent == []
    assert rebuild.unfinished("current_fare") in (None, run)


def test_a_failed_run_asks_for_somebody_until_another_has_ended(operator: Client) -> None:
    run = rebuild.start("daily_totals")
    rebuild.cancel(run.pk, "a test")
    Rebuild.objects.filter(pk=run.pk).update(state=Rebuild.State.FAILED)
    page = _all()
    assert [need.href for need in page.needs if need.text == "its last rebuild failed"] == [
        f"{REBUILDS}{run.pk}/"
    ]
    assert page.mood == "drift"
    card.forget()
    assert "Daily totals: its last rebuild failed" in text_of(operator.get("/admin/"))
    Rebuild.objects.filter(pk=run.pk).update(state=Rebuild.State.CANCELLED)
    assert not [need for need in _all().needs if need.text == "its last rebuild failed"]


def test_a_failed_run_shows_its_error(operator: Client) -> None:
    run = rebuild.start("current_fare")
    rebuild.cancel(run.pk, "a test")
    Rebuild.objects.filter(pk=run.pk).update(state=Rebuild.State.FAILED, error="OutOfStep: of a test")
    text = text_of(operator.get(f"{REBUILDS}{run.pk}/"))
    assert "It failed. The view that is read was not touched." in text
    assert "OutOfStep: of a test" in text


@pytest.mark.parametrize("page", ["0", "x", "99999", "-1"])
def test_any_page_of_the_list_answers(operator: Client, page: str) -> None:
    assert operator.get(f"{REBUILDS}?page={page}").status_code == 200


def test_a_rebuild_of_some_partitions_says_that_rows_were_put_right_in_place(operator: Client) -> None:
    partition = partition_of(damaged_booking())
    run = rebuild.run(rebuild.start("current_fare", partitions=[partition]).pk)
    text = text_of(operator.get(f"{REBUILDS}{run.pk}/"))
    assert "Put right in place" in text
    assert "Some partitions of Current fare were computed anew; 1 difference found and put right" in text
    assert "puts rows right where they are" in text
    assert "Swapped in" not in text
    assert "Readers could wait" not in text
    again = rebuild.run(rebuild.start("current_fare", partitions=[partition]).pk)
    assert "were equal row by row. Nothing was changed." in text_of(operator.get(f"{REBUILDS}{again.pk}/"))


def test_what_a_new_version_gives_was_expected_and_not_put_right(operator: Client) -> None:
    booking = given(set_("14.00"), add("odd", "5.00"))
    runner.drain(VIEW, [partition_of(booking)])
    with running(LaterVersion()):
        run = rebuild.run(rebuild.start("current_fare").pk)
        assert run.state == Rebuild.State.WAITING
        row = text_of(operator.get(f"{PROJECTIONS}?live"))
        assert "A new version is ready Waiting for acceptance" in row
        assert "Being rebuilt" not in row
        run = rebuild.run(rebuild.start("current_fare", accept=True).pk)
    text = text_of(operator.get(f"{REBUILDS}{run.pk}/"))
    assert "were expected of it" in text
    assert "put right" not in text
    rebuild.run(rebuild.start("current_fare", accept=True).pk)


def test_a_consumer_is_refused_before_anybody_fills_a_form(operator: Client) -> None:
    answer = operator.get(f"{REBUILDS}of/fare_stream/")
    text = text_of(answer)
    assert "Fare stream cannot be rebuilt: it has no tables" in text
    assert "manage.py projections replay fare_stream --after 0" in text
    assert "Start the rebuild" not in text
    assert 'name="partitions"' not in answer.content.decode()
