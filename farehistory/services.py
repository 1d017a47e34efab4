"""Where PostgreSQL and Redis are: named by the environment, or embedded ones of the state folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import environ
from django.core.exceptions import ImproperlyConfigured

from farehistory.embedded.state import State

_NAMES = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL", "CACHE_URL", "BROKER_URL")


@dataclass(frozen=True, slots=True)
class Services:
    """The two database connections and the Redis addresses that the settings are made of."""

    application: dict[str, Any]
    owner: dict[str, Any] | None
    redis_url: str
    cache_url: str
    broker_url: str
    archive: str = ""
    """The folder that events are archived in where no other is named; only the embedded mode has one."""
    transfers: str = ""
    """The same for the files of imports and exports."""
    imports: str = ""
    """The same for files that are to be imported."""
    run: str = ""
    """The same for what running processes count (`farehistory.running`)."""

    @property
    def are_embedded(self) -> bool:
        """Whether they are those of the state folder."""
        return bool(self.run)

    @classmethod
    def from_environment(cls) -> Services:
        """Of DATABASE_URL, MIGRATION_DATABASE_URL, REDIS_URL, CACHE_URL, BROKER_URL; embedded where none is set.

        Raises ImproperlyConfigured where some are missing or one is not an address.
        """
        given = [name for name in _NAMES if os.environ.get(name)]
        if not given:
            return cls._embedded()
        missing = [name for name in ("DATABASE_URL", "REDIS_URL") if name not in given]
        if missing:
            raise ImproperlyConfigured(
                f"{' and '.join(given)} given without {' and '.join(missing)}: name both servers, or neither."
            )
        return cls._named()

    @classmethod
    def _named(cls) -> Services:
        redis_url = os.environ["REDIS_URL"]
        return cls(
            application=_database("DATABASE_URL"),
            owner=_database("MIGRATION_DATABASE_URL") if os.environ.get("MIGRATION_DATABASE_URL") else None,
            redis_url=redis_url,
            cache_url=os.environ.get("CACHE_URL") or redis_url,
            broker_url=os.environ.get("BROKER_URL") or redis_url,
        )

    @classmethod
    def _embedded(cls) -> Services:
        state = State.from_environment()
        at = state.addresses()
        database = {
            "HOST": str(at.socket_dir),
            "PORT": str(at.port),
            "NAME": at.database,
        }
        socket = str(at.valkey_socket)
        return cls(
            application=database | {"USER": at.application, "PASSWORD": at.application_password},
            owner=database | {"USER": at.owner, "PASSWORD": at.owner_password},
            redis_url=f"unix://{quote(socket)}?db=0",
            cache_url=f"unix://{quote(socket)}?db=0",
            broker_url=f"redis+socket://{quote(socket)}?virtual_host=1",
            archive=str(state.path / "archive"),
            transfers=str(state.path / "transfers"),
            imports=str(state.path / "imports"),
            run=str(state.path / "run"),
        )


def _database(name: str) -> dict[str, Any]:
    address: dict[str, Any] = environ.Env.db_url_config(os.environ[name])
    if "postgresql" not in address.get("ENGINE", "") or not address.get("USER") or not address.get("NAME"):
        raise ImproperlyConfigured(f"{name} must look like postgres://user:password@host:5432/database.")
    return address
