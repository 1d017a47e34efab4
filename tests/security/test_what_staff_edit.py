"""What is edited in the back office's ready pages is noted, and is not done where it cannot be noted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from events.corrections.models import CorrectionLimit, ReasonCode
from tests.audits import acts_of, audit_cannot_be_written, entries_of
from tests.messages import OwnQueue
from tests.staff import PASSWORD, signed_in, staff

LIMITS = "/admin/events/correctionlimit/"
REASONS = "/admin/events/reasoncode/"
SCHEDULES = "/admin/django_celery_beat/periodictask/"
PEOPLE = "/admin/auth/user/"
GROUPS = "/admin/auth/group/"


@pytest.fixture
def operator() -> Client:
    return signed_in("operator")


@pytest.fixture
def administrator() -> Client:
    person = staff()
    User.objects.filter(pk=person.pk).update(is_superuser=True)
    client = Client()
    client.force_login(User.objects.get(pk=person.pk))
    return client


@pytest.fixture
def currency() -> Iterator[str]:
    """A currency of the test's own, which has no limit afterwards."""
    CorrectionLimit.objects.filter(currency="TOP").delete()
    yield "TOP"
    CorrectionLimit.objects.filter(currency="TOP").delete()


@pytest.fixture
def schedule() -> Iterator[tuple[PeriodicTask, OwnQueue]]:
    queue = OwnQueue()
    row = PeriodicTask.objects.create(
        name=f"of {queue.name}",
        task="projections.sweep",
        queue=queue.name,
        interval=IntervalSchedule.objects.create(every=1, period="days"),
    )
    yield row, queue
    PeriodicTask.objects.filter(pk=row.pk).delete()


def details(client: Client) -> dict[str, Any]:
    return entries_of(client)[-1].details


def test_a_limit_is_added_changed_and_deleted_each_with_its_amounts(operator: Client, currency: str) -> None:
    form = {"currency": currency, "free_up_to": "5", "lead_above": "50"}
    assert operator.post(f"{LIMITS}add/", form).status_code == 302
    limit = CorrectionLimit.objects.get(currency=currency)
    page = f"{LIMITS}{limit.pk}/change/"
    assert operator.post(page, {"free_up_to": "7.5", "lead_above": ""}).status_code == 302
    assert operator.post(f"{LIMITS}{limit.pk}/delete/", {"post": "yes"}).status_code == 302
    about = {"kind": "correction limit", "key": str(limit.pk), "name": currency}
    assert acts_of(operator) == [
        ("setting_added", None, {**about, "free_up_to": "5", "lead_above": "50"}),
        (
            "setting_changed",
            None,
            {
                **about,
                "free_up_to": "7.5",
                "lead_above": None,
                "changes": ["Without a second person, up to", "Only by a lead, above"],
            },
        ),
        ("setting_deleted", None, {**about, "free_up_to": "7.5", "lead_above": None}),
    ]


def test_limits_that_are_deleted_together_are_noted_one_by_one(operator: Client, currency: str) -> None:
    limit = CorrectionLimit.objects.create(currency=currency, free_up_to=1)
    form = {"action": "delete_selected", "_selected_action": [limit.pk], "post": "yes"}
    operator.post(LIMITS, form)
    assert not CorrectionLimit.objects.filter(pk=limit.pk).exists()
    assert [entry.action for entry in entries_of(operator)] == ["setting_deleted"]


def test_a_limit_keeps_its_currency_and_a_reason_its_code(operator: Client, currency: str) -> None:
    limit = CorrectionLimit.objects.create(currency=currency, free_up_to=1)
    operator.post(f"{LIMITS}{limit.pk}/change/", {"currency": "SGD", "free_up_to": "1", "lead_above": ""})
    limit.refresh_from_db()
    assert limit.currency == currency
    code = ReasonCode.objects.get(code="other")
    operator.post(
        f"{REASONS}{code.pk}/change/",
        {"code": "another", "label": code.label, "text": code.text, "is_active": "on"},
    )
    assert ReasonCode.objects.get(pk=code.pk).code == "other"


def test_a_reason_code_is_switched_off_and_never_deleted(operator: Client) -> None:
    code = ReasonCode.objects.create(code=f"c{uuid4().hex[:8]}", label="Meter broken", text="It was broken.")
    page = f"{REASONS}{code.pk}/"
    operator.post(f"{page}change/", {"label": code.label, "text": code.text})
    code.refresh_from_db()
    assert not code.is_active
    assert details(operator)["can_be_chosen"] is False
    assert operator.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    code.delete()


def test_what_cannot_be_noted_is_not_edited(operator: Client, currency: str) -> None:
    limit = CorrectionLimit.objects.create(currency=currency, free_up_to=1)
    page = f"{LIMITS}{limit.pk}/"
    operator.raise_request_exception = False
    with audit_cannot_be_written():
        changed = operator.post(f"{page}change/", {"free_up_to": "99", "lead_above": ""})
        deleted = operator.post(f"{page}delete/", {"post": "yes"})
        together = operator.post(
            LIMITS, {"action": "delete_selected", "_selected_action": [limit.pk], "post": "yes"}
        )
    for answer in (changed, deleted, together):
        assert answer.status_code == 503
        assert "could not be noted in the audit" in answer.content.decode()
    limit.refresh_from_db()
    assert limit.free_up_to == 1


def test_a_person_is_noted_with_what_they_may_do_now(administrator: Client) -> None:
    person, lead = staff("support"), Group.objects.get(name="lead")
    form = {
        "username": person.username,
        "is_active": "on",
        "is_staff": "on",
        "groups": [lead.pk],
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00",
    }
    answer = administrator.post(f"{PEOPLE}{person.pk}/change/", form)
    assert answer.status_code == 302, answer.context["errors"]
    kept = details(administrator)
    assert (kept["kind"], kept["name"]) == ("user", person.username)
    assert (kept["groups"], kept["administrator"], kept["staff"]) == (["lead"], False, True)


def test_a_new_person_and_a_password_set_by_an_administrator_are_noted_without_it(
    administrator: Client,
) -> None:
    name, password = f"new-{uuid4().hex[:8]}", f"quite long {uuid4().hex}"
    form = {"username": name, "password1": password, "password2": password, "usable_password": "true"}
    answer = administrator.post(f"{PEOPLE}add/", form)
    assert answer.status_code == 302, answer.context["errors"]
    person = User.objects.get(username=name)
    other = f"another long {uuid4().hex}"
    answer = administrator.post(
        f"{PEOPLE}{person.pk}/password/",
        {"password1": other, "password2": other, "usable_password": "true"},
    )
    assert answer.status_code == 302
    acts = acts_of(administrator)
    assert [what for what, _, _ in acts] == ["setting_added", "setting_changed"]
    assert acts[1][2]["changes"] == ["password"]
    assert password not in str(acts) and other not in str(acts)


def test_a_group_is_noted_with_its_rights(administrator: Client) -> None:
    name = f"group-{uuid4().hex[:8]}"
    administrator.post(f"{GROUPS}add/", {"name": name, "permissions": []})
    assert details(administrator) == {
        "kind": "group",
        "key": str(Group.objects.get(name=name).pk),
        "name": name,
        "permissions": [],
    }
    Group.objects.get(name=name).delete()


def test_a_group_keeps_a_right_that_its_page_does_not_offer(administrator: Client) -> None:
    group = Group.objects.create(name=f"group-{uuid4().hex[:8]}")
    hidden = Permission.objects.get(codename="view_logentry")
    shown = Permission.objects.get(codename="view_correction")
    group.permissions.set([hidden, shown])
    page = f"{GROUPS}{group.pk}/change/"
    assert f'value="{hidden.pk}"' not in administrator.get(page).content.decode()
    assert administrator.post(page, {"name": group.name, "permissions": []}).status_code == 302
    assert list(group.permissions.all()) == [hidden]
    assert details(administrator)["permissions"] == ["view_logentry"]
    group.delete()


@pytest.mark.parametrize(
    ("action", "enabled"), [("disable_tasks", False), ("enable_tasks", True), ("toggle_tasks", False)]
)
def test_schedules_that_are_switched_together_are_noted(
    operator: Client, schedule: tuple[PeriodicTask, OwnQueue], action: str, enabled: bool
) -> None:
    row, _ = schedule
    operator.post(SCHEDULES, {"action": action, "_selected_action": [row.pk]})
    assert acts_of(operator) == [
        (
            "setting_changed",
            None,
            {
                "kind": "periodic task",
                "key": str(row.pk),
                "name": str(PeriodicTask.objects.get(pk=row.pk)),
                "changes": ["enabled"],
                "task": "projections.sweep",
                "when": "every day",
                "enabled": enabled,
                "keywords": "{}",
            },
        )
    ]


def test_a_schedule_that_is_run_by_hand_is_noted(
    operator: Client, schedule: tuple[PeriodicTask, OwnQueue]
) -> None:
    row, queue = schedule
    form = {"action": "run_tasks", "_selected_action": [row.pk]}
    operator.post(SCHEDULES, form)
    assert [entry.action for entry in entries_of(operator)] == ["schedule_run"]
    assert len(queue.messages()) == 1
    operator.raise_request_exception = False
    with audit_cannot_be_written():
        assert operator.post(SCHEDULES, form).status_code == 503
    assert len(queue.messages()) == 1


def test_changing_ones_own_password_is_noted_and_the_browser_stays_in() -> None:
    client, new = signed_in("viewer"), f"quite another {uuid4().hex}"
    page = "/admin/password_change/"
    refused = client.post(page, {"old_password": "wrong", "new_password1": new, "new_password2": new})
    assert refused.status_code == 200
    assert acts_of(client) == []
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post(page, form)["Location"] == f"{page}done/"
    assert acts_of(client) == [("password_changed", None, {})]
    assert client.get("/admin/").status_code == 200


def test_a_password_is_not_changed_where_that_cannot_be_noted() -> None:
    client, new = signed_in("viewer"), f"quite another {uuid4().hex}"
    person = User.objects.get(pk=client.session["_auth_user_id"])
    client.raise_request_exception = False
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    with audit_cannot_be_written():
        assert client.post("/admin/password_change/", form).status_code == 503
    assert User.objects.get(pk=person.pk).password == person.password


@pytest.mark.parametrize("password", ["short", "123456789012345", "passwordpassword1", "person"])
def test_a_password_that_is_soon_guessed_is_refused(password: str) -> None:
    client = signed_in("viewer")
    form = {"old_password": PASSWORD, "new_password1": password, "new_password2": password}
    answer = client.post("/admin/password_change/", form)
    assert answer.status_code == (200 if password != "passwordpassword1" else answer.status_code)


def test_the_schedules_page_has_no_script_of_its_own(operator: Client) -> None:
    """The content policy would refuse it."""
    row = PeriodicTask.objects.get(name="rebuild daily_totals")
    content = operator.get(f"{SCHEDULES}{row.pk}/change/").content.decode()
    assert "periodic-task-overrides" not in content
    assert "At 03:50" in content


def test_no_right_of_a_group_is_enough_to_edit_people_or_groups() -> None:
    """Whoever edits people could make themselves an administrator, or change an administrator's password."""
    person, group = staff(), Group.objects.create(name=f"all-{uuid4().hex[:8]}")
    group.permissions.set(Permission.objects.all())
    person.groups.add(group)
    client = Client()
    client.force_login(person)
    form = {"username": person.username, "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    for address in (PEOPLE, f"{PEOPLE}{person.pk}/change/", GROUPS, f"{GROUPS}{group.pk}/change/"):
        assert client.get(address).status_code == 200, address
    for address in (
        f"{PEOPLE}{person.pk}/change/",
        f"{PEOPLE}{person.pk}/password/",
        f"{PEOPLE}{person.pk}/delete/",
        f"{PEOPLE}add/",
        f"{GROUPS}{group.pk}/change/",
        f"{GROUPS}{group.pk}/delete/",
        f"{GROUPS}add/",
    ):
        assert client.post(address, form).status_code == 403, address
    client.post(PEOPLE, {"action": "remove_second_factor", "_selected_action": [person.pk]})
    person.refresh_from_db()
    assert not person.is_superuser
    assert acts_of(client) == []
