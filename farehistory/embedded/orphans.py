"""Ending what an earlier run has left behind, without trusting process numbers, which are used again."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil

from farehistory.embedded.service import MARK
from farehistory.embedded.state import State

SERVERS = ("postgres", "valkey-server")


def end_orphans(state: State, patience: float = 5.0) -> int:
    """End every process of this state folder's services, by force after `patience` seconds; returns how many.

    Only for whoever holds the folder (`State.running`): it cannot tell an orphan from a service in use.
    """
    orphans = list(processes_of(state))
    for process in orphans:
        _ask_to_end(process)
    _, left = psutil.wait_procs(orphans, timeout=patience)
    for process in left:
        _send(process, signal.SIGKILL)
    psutil.wait_procs(left, timeout=patience)
    return len(orphans)


def kill_postgres_of(data: Path) -> None:
    """End what is left of a server whose postmaster died, so that the next one can start at once.

    Acknowledged commits are safe on disk, and the next start recovers from there.
    """
    left = [process for process in psutil.process_iter() if is_server_in(process, data)]
    for process in left:
        _send(process, signal.SIGKILL)
    psutil.wait_procs(left, timeout=10.0)


def processes_of(state: State) -> Iterator[psutil.Process]:
    """The running processes of this state folder's services, children included."""
    folders = [state.path / name for name in ("", "postgres", "valkey")]  # not those of a state folder inside
    folders.extend(state.path.glob("postgres.new-*"))
    for process in psutil.process_iter():
        if process.pid != os.getpid() and (_is_marked(process, state) or is_server_in(process, *folders)):
            yield process


def is_server_in(process: psutil.Process, *folders: Path) -> bool:
    """The servers overwrite their environment with their titles, but stay in their data folders."""
    try:
        return process.name() in SERVERS and Path(process.cwd()) in folders
    except (psutil.Error, OSError):
        return False


def _is_marked(process: psutil.Process, state: State) -> bool:
    try:
        return process.environ().get(MARK, "").partition("@")[2] == str(state.path)
    except (psutil.Error, OSError):  # another user's, or just gone
        return False


def _ask_to_end(process: psutil.Process) -> None:
    """Ask the leaders of sessions alone: they end their own children in the right order."""
    try:
        if process.name() == "postgres":
            if MARK in process.environ():  # the postmaster; its children have lost the mark
                process.send_signal(signal.SIGINT)
        elif os.getsid(process.pid) == process.pid:
            process.send_signal(signal.SIGTERM)
    except (psutil.Error, ProcessLookupError):
        return


def _send(process: psutil.Process, signum: signal.Signals) -> None:
    try:
        process.send_signal(signum)
    except psutil.NoSuchProcess:
        return
