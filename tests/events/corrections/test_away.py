"""A database that does not answer in time: nothing is written, and the same may be sent again."""

from __future__ import annotations

import pytest

from events import corrections
from events.errors import Unavailable
from tests.builders import connected, then_fare
from tests.events.corrections.desk import contra, events_of, support, toll_charged_twice, waiting

HELD = {
    "the correction's row": "SELECT FROM ledger.correction WHERE partition = %(partition)s AND id = %(id)s FOR UPDATE",
    "the partition's turn": (
        "SELECT FROM ledger.partition_turn WHERE partition = %(partition)s AND %(id)s IS NOT NULL FOR NO KEY UPDATE"
    ),
}


@pytest.mark.parametrize("statement", HELD.values(), ids=HELD)
def test_an_approval_waits_for_nobody_for_long(statement: str) -> None:
    correction, checker = waiting(contra(toll_charged_twice())), support()
    with connected("owner") as other, other.transaction():
        other.execute(statement, {"partition": correction.partition, "id": correction.pk})
        with pytest.raises(Unavailable):
            corrections.approve(correction.pk, by=checker, seen_version=3)
    assert corrections.get(correction.pk).state == "proposed"
    assert events_of(correction) == []
    corrections.approve(correction.pk, by=checker, seen_version=3)
    then_fare(correction.booking_id, "19.00", version=4)


def test_proposals_of_one_person_wait_for_each_other_not_for_long() -> None:
    person, proposal = support(), contra(toll_charged_twice())
    with connected("owner") as other, other.transaction():
        other.execute("SELECT FROM auth_user WHERE id = %s FOR UPDATE", (person.pk,))
        with pytest.raises(Unavailable):
            corrections.propose(proposal, by=person)
    assert corrections.propose(proposal, by=person).state == "proposed"
