from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from farehistory.embedded import postgres
from farehistory.embedded.privileges import nobody_in_a_namespace, nobody_with_file_access
from farehistory.embedded.state import EmbeddedError, State
from farehistory.embedded.supervisor import Supervisor
from tests.embedded.helpers import databases, kill_9, launch_holder, pids_of, query, valkey_of, wait_for

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root needs to be another user")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """A state whose databases run, for tests that only look at them."""
    state = State(tmp_path_factory.mktemp("served") / "state")
    with databases(state):
        yield state
    state.remove()


def test_they_run_in_a_deep_folder_that_only_its_owner_can_enter(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    state = State(closed.joinpath(*["a-folder-with-a-long-name"] * 8))
    with databases(state):
        assert query(state, "SELECT 1") == [(1,)]
        assert valkey_of(state).ping()
    state.remove()


def test_two_states_run_side_by_side_and_share_nothing(state: State, tmp_path: Path) -> None:
    other = State(tmp_path / "other")
    with databases(state), databases(other):
        query(state, "CREATE TABLE here ()")
        valkey_of(state).set("here", "yes")
        assert query(other, "SELECT to_regclass('here')") == [(None,)]
        assert valkey_of(other).get("here") is None
    other.remove()


def test_nothing_listens_on_the_network_and_commits_are_durable(served: State) -> None:
    for setting, value in {
        "listen_addresses": "",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
    }.items():
        assert query(served, f"SHOW {setting}") == [(value,)]
    assert valkey_of(served).config_get("port") == {"port": "0"}
    assert valkey_of(served).config_get("appendonly") == {"appendonly": "yes"}


def test_the_roles_have_no_more_rights_than_they_need(served: State) -> None:
    assert query(
        served,
        "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole FROM pg_roles"
        " WHERE rolname ~ '^fare' ORDER BY rolname",
    ) == [("farehistory_app", False, False, False), ("farehistory_owner", False, True, False)]
    assert query(served, "SELECT pg_has_role('farehistory_owner', 'farehistory_app', 'USAGE')") == [(True,)]
    assert query(served, "SELECT pg_has_role('farehistory_app', 'farehistory_owner', 'MEMBER')") == [(False,)]


def test_a_wrong_password_is_refused(served: State) -> None:
    at = served.addresses()
    where = {"host": str(at.socket_dir), "port": at.port, "dbname": at.database, "user": at.application}
    with psycopg.connect(**where, password=at.application_password):
        pass
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(**where, password="a guess")


def test_a_second_start_finds_everything_as_it_was(state: State) -> None:
    with databases(state):
        query(state, "CREATE TABLE kept AS SELECT 7 AS n")
        valkey_of(state).set("kept", "7")
    with databases(state):
        assert query(state, "SELECT n FROM kept") == [(7,)]
        assert valkey_of(state).get("kept") == "7"


def test_a_clean_stop_leaves_no_process(state: State) -> None:
    with databases(state):
        assert len(pids_of(state)) > 2
    assert pids_of(state) == set()
    assert not (state.postgres_data / "postmaster.pid").exists()


def test_a_copy_of_a_running_folder_runs_beside_it_and_shares_nothing(state: State, tmp_path: Path) -> None:
    with databases(state) as supervisor:
        query(state, "CREATE TABLE shared AS SELECT 7 AS n")
        query(state, "CHECKPOINT")
        valkey = supervisor.process("valkey").pid
        subprocess.run(["cp", "-a", str(state.path), str(tmp_path / "copy")], check=True)
        copy = State(tmp_path / "copy")
        with databases(copy):
            query(copy, "UPDATE shared SET n = 8")
            valkey_of(copy).set("here", "yes")
            assert query(state, "SELECT n FROM shared") == [(7,)]
            assert valkey_of(state).get("here") is None
        assert valkey_of(state).info("server")["process_id"] == valkey
    copy.remove()


@pytest.mark.parametrize("lost", ["passwords", "postgres/PG_VERSION"])
def test_what_is_lost_beside_the_data_is_named_at_once_and_not_made_anew(state: State, lost: str) -> None:
    postgres.prepare_data(state)
    (state.path / lost).rename(state.path / "elsewhere")
    with pytest.raises(EmbeddedError, match=rf"is lost: there is no {state.path}/{lost}.*backup"):
        postgres.prepare_data(state)
    (state.path / "elsewhere").rename(state.path / lost)
    with databases(state):
        assert query(state, "SELECT 1") == [(1,)]


def test_an_empty_data_folder_is_not_taken_for_a_ledger_that_was_never_made(state: State) -> None:
    state.postgres_data.mkdir()
    with pytest.raises(EmbeddedError, match="PostgreSQL's data is lost"):
        postgres.prepare_data(state)


def test_a_password_that_the_data_do_not_know_is_named_at_once(state: State) -> None:
    postgres.prepare_data(state)
    state.password_file("postgres").write_text("another")
    with pytest.raises(EmbeddedError, match="PostgreSQL's password is lost"), databases(state):
        pytest.fail("it was let in")


def test_valkey_is_started_again_when_its_socket_is_gone(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("farehistory.embedded.supervisor.CUT_OFF_FOR", 0.3)
    with databases(state) as supervisor:
        valkey_of(state).set("kept", "7")
        before = supervisor.process("valkey").pid
        state.valkey_socket.unlink()
        supervisor.watch(until=lambda: is_new_and_ready(supervisor, "valkey", before))
        assert valkey_of(state).get("kept") == "7"


class Writer(threading.Thread):
    """Writes 1, 2, 3 …, a commit each, until the server goes away; `acknowledged` is the last it heard of."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self.acknowledged = 0
        self._connection = postgres.connect(state)
        self._connection.execute("CREATE TABLE IF NOT EXISTS written (n int)")

    def run(self) -> None:
        try:
            while True:
                self._connection.execute("INSERT INTO written VALUES (%s)", [self.acknowledged + 1])
                self.acknowledged += 1
        except psycopg.OperationalError:
            return


def test_what_postgres_acknowledged_survives_kill_9_again_and_again(state: State) -> None:
    with databases(state) as supervisor:
        for _ in range(3):
            query(state, "DROP TABLE IF EXISTS written")
            writer = Writer(state)
            writer.start()
            wait_for(lambda: writer.acknowledged > 50)  # noqa: B023 - called before the next turn
            supervisor.process("postgres").kill()
            writer.join()
            supervisor.revive()
            kept = [row[0] for row in query(state, "SELECT n FROM written ORDER BY n")]
            assert kept[: writer.acknowledged] == list(range(1, writer.acknowledged + 1))


def test_what_valkey_acknowledged_survives_kill_9(state: State) -> None:
    with databases(state) as supervisor:
        client = valkey_of(state)
        for n in range(500):
            client.xadd("stream", {"n": n})
        supervisor.process("valkey").kill()
        supervisor.revive()
        assert client.xlen("stream") == 500


def test_a_killed_server_is_started_again_by_the_watch(state: State) -> None:
    with databases(state) as supervisor:
        for name in ("postgres", "valkey"):
            before = supervisor.process(name).pid
            supervisor.process(name).kill()
            supervisor.watch(until=lambda: is_new_and_ready(supervisor, name, before))  # noqa: B023


def is_new_and_ready(supervisor: Supervisor, name: str, before: int) -> bool:
    process = supervisor.process(name)
    return process.pid != before and process.alive() and process.service.ready()


def test_a_backend_that_runs_on_after_its_postmaster_was_killed_does_not_keep_the_next_one_out(
    state: State,
) -> None:
    with databases(state) as supervisor:
        busy = threading.Thread(target=run_for_long, args=[state])
        busy.start()
        wait_for(
            lambda: query(state, "SELECT pid FROM pg_stat_activity WHERE query ~ '^DO' AND state = 'active'")
        )
        supervisor.process("postgres").kill()
        supervisor.revive()
        busy.join()
        assert query(state, "SELECT 1") == [(1,)]


def run_for_long(state: State) -> None:
    """A loop in PL/pgSQL that never looks whether its postmaster is still there."""
    with pytest.raises(psycopg.OperationalError):
        query(state, "DO $$ DECLARE n bigint := 0; BEGIN LOOP n := n + 1; END LOOP; END $$")


def test_a_data_folder_whose_making_was_killed_half_way_is_made_anew(state: State) -> None:
    holder = launch_holder(state)
    wait_for(lambda: any(made.joinpath("base").exists() for made in state.path.glob("postgres.new-*")))
    kill_9(holder)
    assert not state.postgres_data.exists()
    with databases(state):
        assert query(state, "SELECT 1") == [(1,)]
    assert list(state.path.glob("postgres.new-*")) == []


@pytest.mark.parametrize("content", ["", f"{os.getpid()}\n"], ids=["empty", "names another program"])
def test_lock_files_that_postgres_would_wait_for_do_not_keep_it_from_starting(
    state: State, content: str
) -> None:
    with databases(state):
        pass
    (state.postgres_data / "postmaster.pid").write_text(content)
    (state.socket_dir() / ".s.PGSQL.5432.lock").write_text(content)
    with databases(state):
        assert query(state, "SELECT 1") == [(1,)]


@as_root
def test_as_root_either_disguise_serves_and_one_can_follow_the_other(state: State) -> None:
    for disguise in (nobody_in_a_namespace(), nobody_with_file_access(), nobody_in_a_namespace()):
        postgres.prepare_data(state, disguise)
        supervisor = Supervisor(state)
        supervisor.start(postgres.service(state, disguise))
        assert query(state, "SELECT pg_backend_pid() > 0") == [(True,)]
        supervisor.stop()
    assert pids_of(state) == set()
