"""The state folder: where a checkout's embedded services keep their data, passwords and sockets."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
DATABASE = "farehistory"
OWNER = "farehistory_owner"
APPLICATION = "farehistory_app"
SUPERUSER = "postgres"
MARKER = "farehistory-state"  # the file by which a state folder is known, made before all others
POSTGRES_PORT = 5432  # only the last part of the socket's name: nothing listens on TCP


class EmbeddedError(Exception):
    """The embedded services cannot be run; the message says why, and what to do about it."""


class AlreadyRunning(EmbeddedError):
    """Another process runs the services of this state folder."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """How to reach the embedded services: PostgreSQL by socket folder and port, Valkey by socket."""

    socket_dir: Path
    port: int
    database: str
    owner: str
    owner_password: str
    application: str
    application_password: str
    valkey_socket: Path


class State:
    """A state folder. It is made on first use, readable by its owner alone; nothing is started by it.

    Raises EmbeddedError where the folder cannot be used, or holds something else.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()  # as the servers see it: they are known by their working folders
        self._sockets: Path | None = None  # the last known, to be deleted where `sockets` is gone
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise EmbeddedError(f"The state folder {self.path} cannot be made: {error.strerror}.") from error
        if self.path.stat().st_uid != os.geteuid():
            raise EmbeddedError(
                f"The state folder {self.path} belongs to another user. "
                "Run as that user, or name another folder with FAREHISTORY_STATE."
            )
        self._require_ours_or_empty()
        (self.path / MARKER).touch(mode=0o600)
        self.path.chmod(0o700)

    @classmethod
    def from_environment(cls) -> State:
        """The folder named by FAREHISTORY_STATE, or `.state/` in the checkout."""
        return cls(Path(os.environ.get("FAREHISTORY_STATE") or CHECKOUT / ".state"))

    @property
    def postgres_data(self) -> Path:
        return self.path / "postgres"

    @property
    def valkey_data(self) -> Path:
        return self._folder("valkey")

    @property
    def logs(self) -> Path:
        return self._folder("logs")

    @property
    def demo_json(self) -> Path:
        return self.path / "demo.json"

    @property
    def valkey_socket(self) -> Path:
        return self.socket_dir() / "valkey.sock"

    def addresses(self) -> Addresses:
        """Where the services are, or will be once they are started."""
        return Addresses(
            socket_dir=self.socket_dir(),
            port=POSTGRES_PORT,
            database=DATABASE,
            owner=OWNER,
            owner_password=self.password(OWNER),
            application=APPLICATION,
            application_password=self.password(APPLICATION),
            valkey_socket=self.valkey_socket,
        )

    def password(self, name: str) -> str:
        """The secret of that name, made once and kept in a file that only its owner can read."""
        return self.password_file(name).read_text().strip()

    def password_file(self, name: str) -> Path:
        file = self._folder("passwords") / name
        if not file.exists():
            self._write_once(file, secrets.token_urlsafe(32))
        return file

    def socket_dir(self) -> Path:
        """A short folder for the sockets, whose paths may have 107 bytes; remembered, made anew if gone.

        A copy of a state folder gets one of its own: the one it remembers is its original's.
        """
        with self._exclusive("sockets.lock"):
            self._sockets = self._remembered_sockets() or self._new_sockets()
            return self._sockets

    @contextmanager
    def running(self, url: str = "") -> Iterator[None]:
        """Hold the folder for as long as its services run.

        Two servers on one data folder destroy each other's files, so this lock guards every start.
        Raises AlreadyRunning, naming the other's process and address.
        """
        with (self.path / "running").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise AlreadyRunning(
                    f"It is already running: {file.read()} (state in {self.path})."
                ) from None
            file.truncate(0)
            file.write(f"process {os.getpid()}" + (f", {url}" if url else ""))
            file.flush()
            yield

    def remove(self) -> None:
        """Delete the folder and its sockets, for good. Only for whoever has ended its services."""
        shutil.rmtree(self.socket_dir())
        shutil.rmtree(self.path)

    def forget_sockets_if_removed(self) -> None:
        """Delete the socket folder of a state folder that was deleted beneath us: nobody else can find it."""
        if self._sockets is not None and not self.path.exists():
            shutil.rmtree(self._sockets, ignore_errors=True)

    def _require_ours_or_empty(self) -> None:
        """Any other folder keeps its files and its mode: it may be /tmp, or somebody's home."""
        names = [
            entry.name for entry in self.path.iterdir()
        ]  # one look, since others may be making the folder right now
        if names and MARKER not in names and "passwords" not in names:
            raise EmbeddedError(
                f"The folder {self.path} is not empty and is not a state folder. "
                "Name a new or an empty one with FAREHISTORY_STATE."
            )

    def _remembered_sockets(self) -> Path | None:
        remembered = self.path / "sockets"
        if not remembered.exists():
            return None
        folder, _, whose = remembered.read_text().partition("\n")
        return Path(folder) if whose == self._identity() and _is_ours(Path(folder)) else None

    def _new_sockets(self) -> Path:
        folder = tempfile.mkdtemp(prefix="farehistory-", dir="/tmp")
        write_private(self.path / "sockets", f"{folder}\n{self._identity()}")
        return Path(folder)

    def _identity(self) -> str:
        """What differs between this folder and a copy of it, even one that has taken its place."""
        return f"{str(self.path)!a} {self.path.stat().st_ino}"

    def _folder(self, name: str) -> Path:
        folder = self.path / name
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def _write_once(self, file: Path, text: str) -> None:
        with self._exclusive("passwords.lock"):
            if not file.exists():
                write_private(file, text)

    @contextmanager
    def _exclusive(self, name: str) -> Iterator[None]:
        with (self.path / name).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def write_private(file: Path, text: str) -> None:
    """Write a file of mode 0600 in one step: whoever reads it sees the old text or the new, never a part."""
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    with os.fdopen(handle, "w") as new:
        new.write(text)
        new.flush()
        os.fsync(handle)
    Path(name).replace(file)


def _is_ours(folder: Path) -> bool:
    """Whether a folder in the world-writable /tmp is one that nobody else could have planted or can enter."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077
