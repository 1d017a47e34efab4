"""Stands between the web processes and PostgreSQL: makes every answer late, or loses one."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class Proxy:
    """On a Unix socket, as libpq looks for it in a folder. `delay`: seconds before each answer is passed on."""

    def __init__(self, folder: Path, server: Path) -> None:
        self.folder = folder
        self.delay = 0.0
        self.loses_answers_to = b""
        """An answer to a message with these bytes is not passed on; both sides are closed instead, once."""
        self.lost = threading.Event()
        self._server = server
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / server.name))
        self._listener.listen(100)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        cut = threading.Event()
        with client, server, suppress(OSError):
            server.connect(str(self._server))
            back = threading.Thread(target=self._pass_back, args=[server, client, cut], daemon=True)
            back.start()
            while data := client.recv(65536):
                if self.loses_answers_to and self.loses_answers_to in data:
                    self.loses_answers_to = b""
                    cut.set()
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)
            back.join()

    def _pass_back(self, server: socket.socket, client: socket.socket, cut: threading.Event) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if cut.is_set():
                    self.lost.set()
                    break
                time.sleep(self.delay)
                client.sendall(data)
            client.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxied(folder: Path, server: Path) -> Iterator[Proxy]:
    proxy = Proxy(folder, server)
    try:
        yield proxy
    finally:
        proxy.close()
