from __future__ import annotations

import os
import pty
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil
import pytest

from farehistory.embedded.orphans import end_orphans, processes_of
from farehistory.embedded.state import AlreadyRunning, EmbeddedError, State
from farehistory.embedded.supervisor import Supervisor, supervising
from tests.embedded.helpers import (
    databases,
    kill_9,
    launch_holder,
    pids_of,
    python_service,
    query,
    start_holder,
    wait_for,
)

SLEEP = "import time; time.sleep(600)"
IGNORE_SIGTERM = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); {SLEEP}"
WITH_A_CHILD = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', '{SLEEP}']); {SLEEP}"


def test_a_service_that_ends_is_started_again_and_it_is_said(state: State) -> None:
    said: list[str] = []
    with supervising(state, said.append) as supervisor:
        supervisor.start(python_service("sleeper", SLEEP))
        first = supervisor.process("sleeper").pid
        supervisor.process("sleeper").kill()
        supervisor.watch(until=lambda: "sleeper is back." in said)
        assert supervisor.process("sleeper").pid != first
    assert said == ["sleeper was ended by SIGKILL; starting it again.", "sleeper is back."]


def test_a_service_that_keeps_ending_is_tried_less_and_less_often(state: State) -> None:
    said: list[str] = []
    with supervising(state, said.append) as supervisor:
        supervisor.start(python_service("brief", "import time; time.sleep(0.2)"))
        end = time.monotonic() + 3.0
        supervisor.watch(until=lambda: time.monotonic() > end)
    assert 2 <= len([line for line in said if "ended with status 0" in line]) <= 4


def test_a_service_that_cannot_start_is_reported_with_the_end_of_its_log(state: State) -> None:
    broken = python_service("broken", "raise SystemExit('no such setting')", ready=lambda: False)
    with (
        pytest.raises(EmbeddedError, match=r"(?s)broken ended with status 1.*no such setting"),
        supervising(state) as supervisor,
    ):
        supervisor.start(broken)


def test_a_service_that_never_becomes_ready_is_reported_and_ended(state: State) -> None:
    with (
        pytest.raises(EmbeddedError, match="silent did not become ready in time"),
        supervising(state) as supervisor,
    ):
        supervisor.start(python_service("silent", SLEEP, ready=lambda: False, ready_within=0.3))
    assert pids_of(state) == set()


def test_a_service_that_ignores_the_signal_is_ended_by_force(state: State) -> None:
    with supervising(state) as supervisor:
        supervisor.start(python_service("deaf", IGNORE_SIGTERM, stopped_within=0.5))
        wait_for(lambda: "deaf" in supervisor.process("deaf").log.read_text())
    assert pids_of(state) == set()


def test_what_a_killed_service_had_started_is_gone_before_the_service_is_back(state: State) -> None:
    with supervising(state) as supervisor:
        supervisor.start(python_service("parent", WITH_A_CHILD))
        wait_for(lambda: len(pids_of(state)) == 2)
        before = pids_of(state)
        supervisor.process("parent").kill()
        supervisor.revive()
        assert not before & pids_of(state)


def test_services_end_in_the_reverse_of_the_order_in_which_they_were_started(state: State) -> None:
    tell = "import signal, sys, time\ndef end(*_): print(time.time()); sys.exit()\n"
    tell += f"signal.signal(signal.SIGTERM, end); print('up'); {SLEEP}"
    with supervising(state) as supervisor:
        supervisor.start(python_service("first", tell), python_service("second", tell))
        logs = [supervisor.process(name).log for name in ("first", "second")]
        wait_for(lambda: all("up" in log.read_text() for log in logs))
    first, second = (float(log.read_text().split()[1]) for log in logs)
    assert second < first


def test_a_second_supervisor_on_the_same_state_is_refused(state: State) -> None:
    holder = start_holder(state)
    with pytest.raises(AlreadyRunning, match=rf"process {holder.pid}, http"), supervising(state):
        pytest.fail("it was let in")
    assert query(state, "SELECT 1") == [(1,)]
    holder.terminate()
    assert holder.communicate()[0] == "stopped\n"


def all_are_suspended(state: State) -> bool:
    """Suspends those that are not, also who was started meanwhile; one that was ending ends all the same."""
    with suppress(psutil.NoSuchProcess):
        running = [each for each in processes_of(state) if each.status() != psutil.STATUS_STOPPED]
        for process in running:
            process.suspend()
        return not running
    return False


def test_after_kill_9_of_the_supervisor_the_next_start_ends_what_it_left_even_if_it_hangs(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("farehistory.embedded.supervisor.end_orphans", partial(end_orphans, patience=0.5))
    holder = start_holder(state)
    query(state, "CREATE TABLE kept AS SELECT 7 AS n")
    wait_for(lambda: all_are_suspended(state))  # so that none of them can end by itself
    kill_9(holder)
    left = {process.pid: process.name() for process in processes_of(state)}
    assert {"postgres", "valkey-server"} <= set(left.values())
    with databases(state):
        assert not left.keys() & pids_of(state)
        assert query(state, "SELECT n FROM kept") == [(7,)]
    assert pids_of(state) == set()


@pytest.mark.skipif(not os.path.exists("/proc"), reason="only Linux tells a process that its parent died")  # noqa: PTH110
def test_after_kill_9_of_the_supervisor_the_servers_end_by_themselves(state: State) -> None:
    holder = start_holder(state)
    kill_9(holder)
    wait_for(lambda: not (state.postgres_data / "postmaster.pid").exists())


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything_however_often_it_is_repeated(state: State, signum: signal.Signals) -> None:
    holder = start_holder(state)
    for _ in range(5):
        holder.send_signal(signum)
        time.sleep(0.05)
    assert holder.communicate()[0] == "stopped\n"
    assert pids_of(state) == set()


def test_everything_ends_when_the_make_that_runs_it_is_killed(state: State) -> None:
    shell = start_holder(state, "sh", "-c", '"$@"; true', "sh", environment={"MAKELEVEL": "1"})
    (supervisor,) = psutil.Process(shell.pid).children()
    subprocess.run(["kill", "-9", str(shell.pid)], check=True)
    psutil.wait_procs([supervisor], timeout=20)
    assert not supervisor.is_running()
    assert pids_of(state) == set()
    shell.communicate()


def test_everything_ends_when_the_terminal_closes_and_nobody_is_told(state: State) -> None:
    ours, theirs = pty.openpty()
    holder = launch_holder(state, stdout=theirs)  # a session without a controlling terminal gets no signal
    os.close(theirs)
    assert os.read(ours, 100) == b"ready\r\n"
    os.close(ours)
    holder.wait(20)
    assert pids_of(state) == set()


def test_the_socket_folder_of_a_state_folder_that_was_deleted_goes_with_its_supervisor(
    tmp_path: Path,
) -> None:
    state = State(tmp_path / "state")
    with supervising(state):
        sockets = state.socket_dir()
        shutil.rmtree(state.path)
    assert not sockets.exists()


def test_servers_of_a_state_folder_inside_another_are_not_the_outer_ones(state: State) -> None:
    inner = State(state.path / "inner")
    with databases(inner) as supervisor:
        with supervising(state):
            pass
        assert pids_of(state) == set()
        assert supervisor.process("postgres").alive()
        assert supervisor.process("valkey").alive()
    inner.remove()


def test_stop_by_name_ends_that_service_alone(state: State) -> None:
    with supervising(state) as supervisor:
        supervisor.start(python_service("one", SLEEP), python_service("two", SLEEP))
        supervisor.stop("one")
        assert supervisor.process("two").alive()
        assert len(pids_of(state)) == 1


def test_an_orphan_is_known_by_what_it_carries_and_not_by_its_number(state: State) -> None:
    """A process that an earlier number now belongs to, or that only runs beside us, is left alone."""
    bystander = subprocess.Popen(["sleep", "600"])
    with supervising(state) as supervisor:
        assert isinstance(supervisor, Supervisor)
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()
