"""The Celery application: `celery -A farehistory worker`, `celery -A farehistory beat`."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, task_prerun, worker_init

from farehistory import task_context  # noqa: F401 - connects to Celery's signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "farehistory.settings")

app = Celery("farehistory", amqp="farehistory.broker:Amqp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def _ask_kept_connections(**_: Any) -> None:
    """Connections are kept from task to task: whether one still is one is asked before each task."""
    from django.db import connections

    for database in connections.settings.values():
        database["CONN_HEALTH_CHECKS"] = True


@task_prerun.connect
def _begin_a_task(**_: Any) -> None:
    from django.db import close_old_connections

    close_old_connections()


@worker_init.connect
@beat_init.connect
def _before_the_first_task(**_: Any) -> None:
    from events.checks import LedgerNotInForce
    from farehistory.startup import demand_rules_in_force

    try:
        demand_rules_in_force()
    except LedgerNotInForce as fault:
        # Celery logs what a signal's receiver raises and goes on; only an exit is an exit.
        raise SystemExit(f"The ledger's rules are not in force: {fault}") from fault
