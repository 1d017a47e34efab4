"""A process whose calls a signal's handler ends at any moment. Exits with 0 if the client goes on working."""

from __future__ import annotations

import faulthandler
import random
import signal
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import FrameType

from farehistory_client import Client

CALLS = 1500
FARE = b'{"booking_id":"BK-1","fare":"1.00","version":1,"currency":"SGD","exponent":2,"components":{},"events":1}'


class Platform(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        with suppress(OSError):
            self.send_response(200)
            self.send_header("Content-Length", str(len(FARE)))
            self.end_headers()
            self.wfile.write(FARE)

    def handle(self) -> None:
        with suppress(OSError):
            super().handle()

    def log_message(self, *_: object) -> None:
        pass


class Limit(Exception):
    pass


def end(_: int, __: FrameType | None) -> None:
    raise Limit


def main() -> None:
    faulthandler.dump_traceback_later(150, exit=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Platform)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    signal.signal(signal.SIGALRM, end)
    ended = 0
    with closing(Client(f"http://127.0.0.1:{server.server_port}", "fh_key")) as fares:
        fares.fare("BK-1")
        for _ in range(CALLS):
            try:
                signal.setitimer(signal.ITIMER_REAL, random.uniform(0.0001, 0.002))
                fares.fare("BK-1")
                signal.setitimer(signal.ITIMER_REAL, 0)
            except Limit:
                ended += 1
        assert fares.fare("BK-1").version == 1
    assert ended > CALLS / 10, ended


if __name__ == "__main__":
    main()
