from __future__ import annotations

import socket

import pytest

from farehistory.demo.processes import HOST, LAST_PORT, free_port, require_free
from farehistory.embedded.state import EmbeddedError


def test_a_port_that_is_free_is_accepted() -> None:
    require_free(free_port())


def test_the_port_proposed_in_place_of_the_last_one_exists() -> None:
    with (
        socket.create_server((HOST, LAST_PORT)),
        pytest.raises(EmbeddedError, match=r"Port 65535 is in use.*PORT=65534 "),
    ):
        require_free(LAST_PORT)


def test_a_port_that_this_user_may_not_open_is_not_called_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's refusal is played, since root gets none."""

    class Guarded(socket.socket):
        def bind(self, address: object) -> None:
            raise PermissionError

    monkeypatch.setattr(socket, "socket", Guarded)
    with pytest.raises(EmbeddedError, match=r"Port 80 is not open to this user.*PORT=8000 "):
        require_free(80)
