"""Run as a process of its own: the databases of a state folder, and a service that ends by force alone."""

from __future__ import annotations

import sys
from pathlib import Path

from farehistory.embedded.state import State
from farehistory.embedded.supervisor import Stopped, raising_stopped, supervising
from tests.embedded.helpers import python_service

STUBBORN = """
import signal, subprocess, sys, time
for signum in (signal.SIGTERM, signal.SIGINT): signal.signal(signum, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
time.sleep(600)
"""


def main(state: State) -> None:
    with raising_stopped() as end_was_asked_for, supervising(state, url="http://127.0.0.1:1") as supervisor:
        supervisor.start_databases()
        supervisor.start(python_service("stubborn", STUBBORN, stopped_within=1.0))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        supervisor.watch(end_was_asked_for)


if __name__ == "__main__":
    try:
        main(State(Path(sys.argv[1])))
    except Stopped:
        sys.stdout.write("stopped\n")
