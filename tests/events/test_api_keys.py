"""Keys of the API: made, rotated with an overlap, revoked, and noted as used; by however many at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from events import api_keys, key_states
from events.api_keys import AlreadyMade, AlreadyRotated, NotInForce
from events.key_states import KeyState
from events.models import ApiKey
from tests.api_client import Api
from tests.threads import together


def a_key(**options: object) -> tuple[ApiKey, str]:
    return api_keys.create("pricing", ["fares:read", "fares:append"], **options)  # type: ignore[arg-type]


def ended(key: ApiKey) -> ApiKey:
    """The key, once its time is over."""
    ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    key.refresh_from_db()
    return key


def reads(text: str) -> bool:
    """Whether the API lets a request in with this key."""
    return bool(Api(text).get("fares/unknown").status_code == 404)


# Rotated


def test_the_successor_has_the_same_rights_and_both_work_meanwhile() -> None:
    old, old_text = a_key(name="night batch", components=["toll"], user_id=7)
    new, new_text = api_keys.rotate(old)
    assert (new.source, new.name, new.scopes) == ("pricing", "night batch", ["fares:read", "fares:append"])
    assert (new.components, new.user_id, new.expires_at) == (["toll"], 7, None)
    assert new.replaces == old
    assert new.key_id != old.key_id
    assert reads(old_text) and reads(new_text)


def test_the_old_key_works_for_a_day_unless_somebody_says_otherwise() -> None:
    old, _ = a_key()
    api_keys.rotate(old)
    old.refresh_from_db()
    assert old.expires_at is not None
    assert abs(old.expires_at - timezone.now() - timedelta(hours=24)) < timedelta(minutes=1)


def test_the_old_key_is_refused_once_its_time_has_come() -> None:
    old, old_text = a_key()
    _, new_text = api_keys.rotate(old, works_until=timezone.now() + timedelta(hours=2))
    assert reads(old_text)
    ended(old)
    assert not reads(old_text)
    assert reads(new_text)


def test_without_an_overlap_the_old_key_is_refused_on_the_next_request() -> None:
    old, old_text = a_key()
    _, new_text = api_keys.rotate(old, works_until=timezone.now())
    assert not reads(old_text)
    assert reads(new_text)


def test_a_rotation_never_makes_the_old_key_work_longer_than_it_was_to() -> None:
    soon = timezone.now() + timedelta(hours=1)
    old, _ = a_key(expires_at=soon)
    api_keys.rotate(old, works_until=timezone.now() + timedelta(days=7))
    old.refresh_from_db()
    assert old.expires_at == soon


def test_a_key_is_rotated_once_and_then_its_successor_is() -> None:
    old, _ = a_key()
    new, _ = api_keys.rotate(old)
    with pytest.raises(AlreadyRotated) as refused:
        api_keys.rotate(old)
    assert refused.value.successor == new
    newest, _ = api_keys.rotate(new)
    assert newest.replaces == new


def test_a_key_that_is_refused_cannot_be_rotated() -> None:
    revoked, _ = a_key()
    api_keys.revoke(revoked)
    expired, _ = a_key()
    for key in (revoked, ended(expired)):
        with pytest.raises(NotInForce):
            api_keys.rotate(key)
    assert not ApiKey.objects.filter(replaces__in=[revoked, expired]).exists()


def test_an_overlap_has_a_longest_length() -> None:
    old, _ = a_key()
    with pytest.raises(ValueError, match="at most 90 days"):
        api_keys.rotate(old, works_until=timezone.now() + timedelta(days=91))


def test_of_two_rotations_at_once_one_makes_the_successor() -> None:
    """The other hears of it, and the key has one successor: both by the turn and by the database's own rule."""
    for _round in range(5):
        old, _ = a_key()

        def attempt(key: ApiKey = old) -> str | AlreadyRotated:
            try:
                return api_keys.rotate(ApiKey.objects.get(pk=key.pk))[1]
            except AlreadyRotated as error:
                return error

        outcomes = together([attempt] * 4)
        made = [outcome for outcome in outcomes if isinstance(outcome, str)]
        refused = [outcome for outcome in outcomes if isinstance(outcome, AlreadyRotated)]
        assert (len(made), len(refused)) == (1, 3)
        successor = ApiKey.objects.get(replaces=old)
        assert {each.successor for each in refused} == {successor}
        assert made[0].startswith(f"fh_{successor.key_id}_")


def test_a_rotation_and_a_revocation_at_once_leave_the_old_key_refused() -> None:
    for _round in range(5):
        old, old_text = a_key()

        def rotate(key: ApiKey = old) -> bool:
            try:
                api_keys.rotate(ApiKey.objects.get(pk=key.pk))
            except NotInForce:
                return False
            return True

        rotated, revoked = together([rotate, partial(api_keys.revoke, old)])
        assert revoked
        assert not reads(old_text)
        assert ApiKey.objects.filter(replaces=old).exists() == rotated


# Revoked


def test_a_revoked_key_is_refused_on_the_next_request_and_others_are_not() -> None:
    key, text = a_key()
    _other, other_text = a_key()
    assert reads(text)
    assert api_keys.revoke(key)
    assert not reads(text)
    assert reads(other_text)


def test_to_revoke_twice_changes_nothing() -> None:
    key, _ = a_key()
    assert api_keys.revoke(key)
    at = ApiKey.objects.get(pk=key.pk).revoked_at
    assert not api_keys.revoke(key)
    assert ApiKey.objects.get(pk=key.pk).revoked_at == at


# Made


def test_an_id_that_was_made_before_makes_one_key_however_often_and_by_however_many() -> None:
    key_id = api_keys.new_key_id()

    def attempt() -> bool:
        try:
            a_key(key_id=key_id)
        except AlreadyMade:
            return False
        return True

    assert sorted(together([attempt] * 4)) == [False, False, False, True]
    assert ApiKey.objects.filter(key_id=key_id).count() == 1


@pytest.mark.parametrize("name", ["x" * 101, "two\nlines", "bell\x07"])
def test_a_name_that_could_not_be_shown_makes_no_key(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        a_key(name=name)


def test_of_the_secret_only_its_hash_is_stored() -> None:
    key, text = a_key()
    secret = text.removeprefix(f"fh_{key.key_id}_")
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(k)::text FROM events_apikey AS k WHERE id = %s", [key.pk])
        (row,) = cursor.fetchone()
    assert key.key_id in row
    assert secret not in row and text not in row


def test_a_key_is_found_by_its_public_part_and_never_repeated_in_an_error() -> None:
    key, text = a_key()
    for known in (key.key_id, f"fh_{key.key_id}"):
        assert api_keys.get(known) == key
    for unknown in (text, "", "0" * 16, key.key_id.upper() + "x", "\u0660" * 16):
        with pytest.raises(api_keys.UnknownKey) as refused:
            api_keys.get(unknown)
        assert text not in str(refused.value)


# Used


def test_a_use_is_noted_at_most_once_a_minute() -> None:
    key, text = a_key()
    api_keys.verify(text)
    first = ApiKey.objects.get(pk=key.pk).last_used_at
    assert first is not None
    with counted_writes() as writes:
        for _again in range(5):
            api_keys.verify(text)
    assert writes() == 0
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=first - timedelta(minutes=2))
    with counted_writes() as writes:
        for _again in range(5):
            api_keys.verify(text)
    assert writes() == 1


def test_many_at_once_note_one_use() -> None:
    key, _ = a_key()
    now = timezone.now()

    attempts = [partial(api_keys.touch, key, now + timedelta(milliseconds=each)) for each in range(8)]
    assert sorted(together(attempts)) == [False] * 7 + [True]


def test_a_use_is_not_noted_by_waiting_for_whoever_has_the_key() -> None:
    key, text = a_key()
    with transaction.atomic():
        ApiKey.objects.select_for_update().get(pk=key.pk)
        (verified,) = together(
            [partial(api_keys.verify, text)]
        )  # it would wait for the lock's limit, and warn
    assert verified == key
    assert ApiKey.objects.get(pk=key.pk).last_used_at is None


def test_a_refused_key_is_not_noted_as_used() -> None:
    key, text = a_key()
    api_keys.revoke(key)
    assert api_keys.verify(text) is None
    assert api_keys.verify(text[:-1] + ("A" if text[-1] != "A" else "B")) is None
    assert ApiKey.objects.get(pk=key.pk).last_used_at is None


# States


def of_state(state: KeyState) -> ApiKey:
    days: dict[KeyState, int] = {KeyState.EXPIRING: 13, KeyState.ACTIVE: 15}
    expires = timezone.now() + timedelta(days=days[state]) if state in days else None
    key, _ = a_key(expires_at=expires)
    if state == KeyState.ROTATED:
        api_keys.rotate(key)
    if state == KeyState.EXPIRED:
        api_keys.rotate(key, works_until=timezone.now())
    if state == KeyState.REVOKED:
        api_keys.rotate(key)
        api_keys.revoke(key)
    return ApiKey.objects.select_related("successor").get(pk=key.pk)


@pytest.mark.parametrize("state", list(KeyState), ids=str)
def test_a_state_is_told_of_a_key_as_it_is_asked_of_the_database(state: KeyState) -> None:
    key, now = of_state(state), timezone.now()
    assert key_states.state_of(key, now) == state
    found = {each for each in KeyState if ApiKey.objects.filter(key_states.in_state(each, now), pk=key.pk)}
    assert found == {state}
    assert key_states.counts(ApiKey.objects.filter(pk=key.pk), now) == {
        each: int(each == state) for each in KeyState
    }
    assert ApiKey.objects.filter(key_states.in_force(now), pk=key.pk).exists() == (
        state in key_states.IN_FORCE
    )


# The migration


def test_the_migrations_of_the_write_side_have_one_end() -> None:
    leaves = MigrationExecutor(connection).loader.graph.leaf_nodes("events")
    assert len(leaves) == 1


def test_the_rotation_of_keys_can_be_taken_back_and_keys_work_on() -> None:
    """Tried as the owner, in a transaction that is rolled back at the end."""
    owner = connections["owner"]
    old, _ = a_key()
    new, _ = api_keys.rotate(old)
    with transaction.atomic(using="owner"):
        executor = MigrationExecutor(owner)
        before = executor.loader.project_state(("events", "0005_transfers"))
        rotation = executor.loader.get_migration("events", "0006_key_rotation")
        # By itself: a later one that builds an index beside running work bears no transaction.
        for move in (executor.unapply_migration, executor.apply_migration):
            move(before.clone(), rotation)
            with owner.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM events_apikey WHERE id IN (%s, %s)", [old.pk, new.pk])
                assert cursor.fetchone() == (2,)
        transaction.set_rollback(True, using="owner")
    assert ApiKey.objects.get(pk=new.pk).replaces == old


def test_models_and_migrations_say_the_same() -> None:
    call_command("makemigrations", "events", check=True, dry_run=True, verbosity=0)


class counted_writes:
    """How many statements changed a row within the block."""

    def __enter__(self) -> Callable[[], int]:
        self.count = 0
        self._wrapper = connection.execute_wrapper(self._see)
        self._wrapper.__enter__()
        return lambda: self.count

    def __exit__(self, *error: object) -> None:
        self._wrapper.__exit__(*error)  # type: ignore[arg-type]

    def _see(self, execute: Callable[..., object], statement: str, *rest: object) -> object:
        self.count += "UPDATE" in statement
        return execute(statement, *rest)
