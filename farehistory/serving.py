"""The web server: `python -m farehistory.serving`, granian with what our processes need around it.

On SIGTERM it first says that it is about to stop: `/health/ready` answers 503 and every answer closes its connection.
For `--drain` seconds all requests are answered as before, so that proxies and clients go elsewhere. Then granian takes
no more connections, finishes the requests that it has begun, and ends. A second signal, and Ctrl-C, end the wait.
"""

from __future__ import annotations

import argparse
import os
import signal
import tempfile
from contextlib import ExitStack
from threading import Timer
from typing import Any, Final

from granian import Granian
from granian.constants import Interfaces

from farehistory import running

WORKERS: Final = 2
KILLED_AFTER_SECONDS: Final = 35
"""How long a worker may take to finish its requests; waits for the feed end at once."""


class Server(Granian):  # type: ignore[misc,valid-type]
    """granian that announces its end before it takes it."""

    def __init__(self, *, drain: float, folder: str, **options: Any) -> None:
        super().__init__("farehistory.wsgi:application", interface=Interfaces.WSGI, **options)
        self._drain = drain
        self._folder = folder
        self._pid = os.getpid()
        self._waiting: Timer | None = None

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        """Called for SIGTERM and SIGINT, also in a process that is forked and does not serve yet.

        Such a one would forget the signal, begin to serve, and be killed in the middle of its requests. A connection
        that granian has taken and not yet looked at does not hear of its end: our answers close it.
        """
        if os.getpid() != self._pid:
            os._exit(0)
        running.begin_to_stop(self._folder)
        if args[:1] == (signal.SIGTERM,) and self._drain and self._waiting is None:
            self._waiting = Timer(self._drain, super().signal_handler_interrupt)
            self._waiting.start()
            return
        if self._waiting is not None:
            self._waiting.cancel()
        super().signal_handler_interrupt(*args, **kwargs)


def main() -> None:
    """Serves until a signal ends it."""
    asked = _arguments()
    with ExitStack() as stack:
        if not os.environ.get("FAREHISTORY_RUN") and os.environ.get("DATABASE_URL"):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="farehistory-web-"))
            os.environ["FAREHISTORY_RUN"] = folder
        # The workers are forked with the settings in them: what wsgi.py would set comes too late for those.
        os.environ.setdefault("DATABASE_ANSWER_WITHIN", "2")
        from farehistory import settings

        if settings.FAREHISTORY_RUN_IS_OURS:
            running.empty(settings.FAREHISTORY_RUN)
        running.forget_to_stop(settings.FAREHISTORY_RUN)
        stack.callback(running.forget_to_stop, settings.FAREHISTORY_RUN)
        Server(
            drain=asked.drain,
            folder=settings.FAREHISTORY_RUN,
            address=asked.host,
            port=asked.port,
            workers=asked.workers,
            blocking_threads=settings.FAREHISTORY_WEB_THREADS,
            websockets=False,
            respawn_failed_workers=True,
            workers_kill_timeout=KILLED_AFTER_SECONDS,
            log_dictconfig=settings.LOGGING,
        ).serve()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m farehistory.serving", description="Serves the API and the admin."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=WORKERS, help="processes")
    parser.add_argument("--drain", type=float, default=0.0, help="seconds between SIGTERM and the end")
    return parser.parse_args()


if __name__ == "__main__":
    main()
