"""What a child does until it is killed: one sweep of the relay over a partition, every call to Redis a step."""

from __future__ import annotations

import redis
from django.conf import settings
from django.db import connection
from redis.client import Pipeline

from projections import runner
from tests.faults import step_too
from tests.projections.streams.helpers import relay


def run(partition: str, keep: str) -> None:
    settings.FAREHISTORY_STREAM_KEEP = int(keep)
    connection.ensure_connection()
    step_too(redis.Redis, "execute_command")
    step_too(Pipeline, "execute")
    runner.drain(relay(), [int(partition)], page_events=3)
