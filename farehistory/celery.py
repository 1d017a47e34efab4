"""The Celery application: `celery -A farehistory worker`, `celery -A farehistory beat`."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "farehistory.settings")

app = Celery("farehistory")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


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
