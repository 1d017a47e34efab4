"""Where PostgreSQL and Redis are: named by the environment, or embedded ones of the state folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import environ

from farehistory.embedded.state import State


@dataclass(frozen=True, slots=True)
class Services:
    """The two database connections and the two Redis addresses that the settings are made of."""

    application: dict[str, Any]
    owner: dict[str, Any] | None
    redis_url: str
    broker_url: str

    @classmethod
    def from_environment(cls) -> Services:
        """Of DATABASE_URL, MIGRATION_DATABASE_URL, REDIS_URL, BROKER_URL; embedded where the first is not set."""
        return cls._named() if os.environ.get("DATABASE_URL") else cls._embedded()

    @classmethod
    def _named(cls) -> Services:
        owner = os.environ.get("MIGRATION_DATABASE_URL")
        redis_url = os.environ["REDIS_URL"]
        return cls(
            application=environ.Env.db_url_config(os.environ["DATABASE_URL"]),
            owner=environ.Env.db_url_config(owner) if owner else None,
            redis_url=redis_url,
            broker_url=os.environ.get("BROKER_URL", redis_url),
        )

    @classmethod
    def _embedded(cls) -> Services:
        at = State.from_environment().addresses()
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
            broker_url=f"redis+socket://{quote(socket)}?virtual_host=1",
        )
