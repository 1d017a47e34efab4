"""The schedules are made once, stay as they were edited, and are run by hand by those who may change them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from celery import current_app
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask, PeriodicTasks
from kombu.exceptions import OperationalError

from farehistory.beat import SlotScheduler
from farehistory.schedules import ensure_schedules, planned
from tests.messages import OwnQueue
from tests.staff import signed_in, staff

LIST = "/admin/django_celery_beat/periodictask/"


@pytest.fixture
def sweep() -> Iterator[PeriodicTask]:
    """The sweep's schedule, put back as it was."""
    row = PeriodicTask.objects.get(name="sweep projections")
    before = PeriodicTask.objects.filter(pk=row.pk).values().get()
    yield row
    PeriodicTask.objects.filter(pk=row.pk).delete()
    PeriodicTask.objects.create(**before)


def test_migrate_makes_them_each_with_words_that_say_what_it_is_for() -> None:
    made = {row.name: row for row in PeriodicTask.objects.all()}
    current_app.loader.import_default_modules()
    for plan in planned():
        row = made[plan.name]
        assert row.task in current_app.tasks
        assert row.enabled
        assert len(row.description) > 40
    assert made["sweep projections"].interval.every == 2
    assert str(made["rebuild current_fare"].crontab).startswith("10 3 * * *")


def test_what_was_edited_stays_and_what_is_missing_is_made_again(sweep: PeriodicTask) -> None:
    sweep.interval = IntervalSchedule.objects.create(every=7, period="seconds")
    sweep.enabled = False
    sweep.save()
    PeriodicTask.objects.filter(name="archive the ledger").delete()
    call_command("migrate", verbosity=0)
    sweep.refresh_from_db()
    assert (sweep.interval.every, sweep.enabled) == (7, False)
    assert PeriodicTask.objects.filter(name="archive the ledger").exists()


def test_no_schedule_is_made_by_beat_itself(sweep: PeriodicTask) -> None:
    names = set(PeriodicTask.objects.values_list("name", flat=True))
    sweep.interval = IntervalSchedule.objects.create(every=9, period="seconds")
    sweep.save()
    beat = SlotScheduler(app=current_app._get_current_object())
    assert beat.schedule["sweep projections"].schedule.run_every.total_seconds() == 9
    assert set(PeriodicTask.objects.values_list("name", flat=True)) == names


@pytest.mark.parametrize(
    ("seconds", "every", "period"), [(2.0, 2, "seconds"), (0.5, 500_000, "microseconds")]
)
def test_the_sweeps_first_interval_is_a_setting(
    sweep: PeriodicTask, settings: Any, seconds: float, every: int, period: str
) -> None:
    settings.FAREHISTORY_SWEEP_SECONDS = seconds
    sweep.delete()
    ensure_schedules()
    made = PeriodicTask.objects.get(name="sweep projections")
    assert (made.interval.every, made.interval.period) == (every, period)
    assert made.expire_seconds == 10
    made.delete()


def test_an_operator_edits_when_a_schedule_runs() -> None:
    operator = signed_in("operator")
    row = PeriodicTask.objects.get(name="rebuild daily_totals")
    before = PeriodicTasks.last_change()
    crontab = CrontabSchedule.objects.create(minute="5", hour="4")
    form = operator.get(f"{LIST}{row.pk}/change/").context["adminform"].form
    values = {name: value for name, value in form.initial.items() if value is not None}
    values |= {"crontab": crontab.pk, "enabled": "on"}
    answer = operator.post(f"{LIST}{row.pk}/change/", values)
    assert answer.status_code == 302, answer.context["errors"]
    edited = PeriodicTask.objects.get(pk=row.pk)
    assert (edited.crontab, edited.task) == (crontab, "projections.start_rebuild")
    assert PeriodicTasks.last_change() != before
    PeriodicTask.objects.filter(pk=row.pk).update(crontab=row.crontab)


def test_a_moment_that_never_comes_is_refused_where_it_is_typed() -> None:
    """Beat leaves out what it cannot compute: the schedule would look as if it ran."""
    operator, add = signed_in("operator"), "/admin/django_celery_beat/crontabschedule/add/"
    page = operator.get(add)
    values = dict.fromkeys(("hour", "minute", "day_of_week"), "*") | {"timezone": "UTC"}
    for formset in page.context["inline_admin_formsets"]:
        values |= {
            f"{formset.formset.prefix}-{name}": "0"
            for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")
        }
    never = values | {"day_of_month": "31", "month_of_year": "2"}
    answer = operator.post(add, never)
    assert answer.status_code == 200
    assert "That moment never comes" in answer.content.decode()
    assert not CrontabSchedule.objects.filter(day_of_month="31", month_of_year="2").exists()
    assert operator.post(add, values | {"day_of_month": "31", "month_of_year": "*"}).status_code == 302
    CrontabSchedule.objects.filter(day_of_month="31", month_of_year="*").delete()


def test_the_form_of_a_schedule_has_its_task_among_the_registered_ones() -> None:
    row = PeriodicTask.objects.get(name="rebuild daily_totals")
    form = signed_in("operator").get(f"{LIST}{row.pk}/change/").context["adminform"].form
    assert (form["regtask"].value(), form["task"].value()) == ("projections.start_rebuild", "")


def run_now(client: Client, row: PeriodicTask) -> Any:
    return client.post(LIST, {"action": "run_tasks", "_selected_action": [row.pk]}, follow=True)


@pytest.fixture
def mine() -> Iterator[tuple[PeriodicTask, OwnQueue]]:
    """A schedule of the sweep whose messages go to a queue of the test's own."""
    queue = OwnQueue()
    row = PeriodicTask.objects.create(
        name=f"of {queue.name}",
        task="projections.sweep",
        queue=queue.name,
        interval=IntervalSchedule.objects.create(every=1, period="days"),
    )
    yield row, queue
    row.delete()


def test_an_operator_runs_a_schedule_by_hand_and_the_task_says_who(
    mine: tuple[PeriodicTask, OwnQueue],
) -> None:
    row, queue = mine
    operator = signed_in("operator")
    answer = operator.post(
        LIST, {"action": "run_tasks", "_selected_action": [row.pk]}, headers={"X-Request-ID": "by-hand-1"}
    )
    assert answer.status_code == 302
    [headers] = queue.messages()
    assert headers["request_id"] == "by-hand-1"
    assert headers["actor"].startswith("person-")


@pytest.mark.parametrize("group", ["viewer", "support", "lead", "auditor"])
def test_nobody_else_runs_one(mine: tuple[PeriodicTask, OwnQueue], group: str) -> None:
    row, queue = mine
    run_now(signed_in(group), row)
    assert queue.messages() == []


def test_who_may_only_look_may_not_run_one(mine: tuple[PeriodicTask, OwnQueue]) -> None:
    person = staff("viewer")
    person.user_permissions.add(Permission.objects.get(codename="view_periodictask"))
    client = Client()
    client.force_login(person)
    assert client.get(LIST).status_code == 200
    row, queue = mine
    run_now(client, row)
    assert queue.messages() == []


def test_without_a_broker_running_by_hand_says_so(
    mine: tuple[PeriodicTask, OwnQueue], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("Error 111 connecting to localhost:1. Connection refused.")

    row, _ = mine
    monkeypatch.setattr(current_app.amqp, "send_task_message", away)
    answer = run_now(signed_in("operator"), row)
    assert "The broker does not answer" in answer.content.decode()


def form_of(operator: Client, row: PeriodicTask, **changed: Any) -> dict[str, Any]:
    """What the form of a schedule sends."""
    form = operator.get(f"{LIST}{row.pk}/change/").context["adminform"].form
    values = {name: value for name, value in form.initial.items() if value is not None}
    return values | {"regtask": ""} | changed


def test_a_task_that_no_worker_knows_is_refused_at_the_form(mine: tuple[PeriodicTask, OwnQueue]) -> None:
    row, _ = mine
    operator = signed_in("operator")
    answer = operator.post(f"{LIST}{row.pk}/change/", form_of(operator, row, task="no.such.task"))
    assert answer.status_code == 200
    assert "There is no task no.such.task." in answer.content.decode()
    row.refresh_from_db()
    assert row.task == "projections.sweep"
    answer = operator.post(f"{LIST}{row.pk}/change/", form_of(operator, row, task="projections.archive"))
    assert answer.status_code == 302
    row.refresh_from_db()
    assert row.task == "projections.archive"


def test_the_pages_are_called_schedules_as_in_the_menu() -> None:
    page = signed_in("operator").get(LIST).content.decode()
    assert "Periodic Tasks" not in page
