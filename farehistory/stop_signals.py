"""Has a web process that is told to stop hear of it, and its waits for the feed end, so that it need not wait for them.

granian lets requests at hand come to their end. Its handler of SIGTERM is set after the application is loaded and would
replace ours; the wake-up descriptor is written to beside whatever handler there is. That handler runs in the main
thread, which waits for nothing else; where the system gave the signal to another thread, nobody would wake it, the
process would go on, and be killed in the middle of a request.
"""

from __future__ import annotations

import signal
import socket
import threading

from events.following.waiting import end_all

_told, _tell = socket.socketpair()
_tell.setblocking(False)


def end_waits_on_stop() -> None:
    """To be called once, by the main thread of a process that serves requests; in another thread it does nothing."""
    try:
        signal.set_wakeup_fd(_tell.fileno(), warn_on_full_buffer=False)
    except ValueError:
        return
    main_thread = threading.get_ident()
    threading.Thread(target=_wait_for_stop, args=(main_thread,), name="stop signals", daemon=True).start()


def _wait_for_stop(main_thread: int) -> None:
    while (signum := _told.recv(1)[0]) not in (signal.SIGTERM, signal.SIGINT):
        pass
    end_all()
    signal.pthread_kill(main_thread, signum)
