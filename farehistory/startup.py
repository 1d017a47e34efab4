"""What a serving process demands before it serves."""

from __future__ import annotations

import logging

from django.db import OperationalError

from events.checks import demand_ledger_in_force

logger = logging.getLogger(__name__)


def demand_rules_in_force() -> None:
    """Raises LedgerNotInForce where the database does not keep the ledger's rules.

    A database that is away is no reason to stop: requests answer 503 until it is back, and readiness asks again.
    """
    try:
        demand_ledger_in_force()
    except OperationalError as error:
        logger.warning("the ledger's rules could not be checked yet: %s", error)
