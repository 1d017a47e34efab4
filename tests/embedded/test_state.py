from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from farehistory.embedded.state import AlreadyRunning, EmbeddedError, State


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_passwords_are_made_once_and_readable_by_their_owner_alone(state: State) -> None:
    addresses = state.addresses()
    assert State(state.path).addresses() == addresses
    assert len({addresses.owner_password, addresses.application_password, state.password("postgres")}) == 3
    for file in (state.path / "passwords").iterdir():
        assert mode_of(file) == 0o600
    assert mode_of(state.path) == mode_of(state.path / "passwords") == mode_of(state.socket_dir()) == 0o700


def test_asking_for_addresses_starts_nothing(state: State) -> None:
    addresses = state.addresses()
    assert list(addresses.socket_dir.iterdir()) == []
    assert not state.postgres_data.exists()


def test_socket_paths_stay_short_however_deep_the_folder_is(tmp_path: Path) -> None:
    deep = State(tmp_path.joinpath(*["a-folder-with-a-long-name"] * 8))
    assert len(str(deep.path)) > 107
    assert len(str(deep.socket_dir() / ".s.PGSQL.5432.lock")) < 60
    deep.remove()


def test_a_socket_folder_that_vanished_is_made_anew(state: State) -> None:
    first = state.socket_dir()
    first.rmdir()
    second = state.socket_dir()
    assert second.is_dir()
    assert second == state.socket_dir() != first


def test_a_socket_folder_that_others_can_enter_is_not_trusted(state: State) -> None:
    opened = state.socket_dir()
    opened.chmod(0o755)
    assert state.socket_dir() != opened
    opened.rmdir()


def test_a_link_in_place_of_the_socket_folder_is_not_trusted(state: State, tmp_path: Path) -> None:
    link = state.socket_dir()
    link.rmdir()
    (tmp_path / "planted").mkdir(mode=0o700)
    link.symlink_to(tmp_path / "planted")
    assert state.socket_dir() != link
    link.unlink()


def test_processes_that_ask_at_the_same_time_get_the_same_answer(state: State) -> None:
    code = (
        "import sys; from pathlib import Path; from farehistory.embedded.state import State;"
        "print(State(Path(sys.argv[1])).addresses())"
    )
    asking = [
        subprocess.Popen([sys.executable, "-c", code, str(state.path)], stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    assert len({process.communicate()[0] for process in asking}) == 1


def test_a_second_run_on_the_same_folder_is_refused_and_told_where_the_first_is(state: State) -> None:
    with (
        state.running("http://127.0.0.1:8000"),
        pytest.raises(AlreadyRunning, match=r"already running: process \d+, http://127\.0\.0\.1:8000"),
        State(state.path).running(),
    ):
        pytest.fail("both hold it")
    with state.running():
        pass


def test_a_copy_of_a_folder_has_sockets_of_its_own_even_in_the_place_of_its_original(
    state: State, tmp_path: Path
) -> None:
    sockets = state.socket_dir()
    copy = State(shutil.copytree(state.path, tmp_path / "copy"))
    assert copy.socket_dir() == copy.socket_dir() != sockets
    state.path.rename(tmp_path / "original")
    shutil.copytree(tmp_path / "original", state.path)
    assert State(state.path).socket_dir() not in (sockets, copy.socket_dir())
    sockets.rmdir()
    copy.remove()


def test_a_folder_of_other_things_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    tmp_path.chmod(0o755)
    with pytest.raises(EmbeddedError, match="is not empty and is not a state folder"):
        State(tmp_path)
    assert mode_of(tmp_path) == 0o755
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


def test_an_empty_folder_is_taken_and_closed_to_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    state = State(tmp_path)
    assert mode_of(tmp_path) == 0o700
    assert State(tmp_path).path == state.path


def test_a_folder_from_before_there_was_a_marker_is_known_by_its_passwords(tmp_path: Path) -> None:
    (tmp_path / "passwords").mkdir()
    State(tmp_path)
    (tmp_path / "passwords").rmdir()
    State(tmp_path)


def test_a_folder_reached_by_a_link_is_the_folder_itself(state: State, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(state.path)
    assert State(tmp_path / "link").path == state.path
