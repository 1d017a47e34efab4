"""Two leads press the button at once, or the process dies under it: exactly one event, with its entry in the audit."""

from __future__ import annotations

from functools import partial

import pytest

from events import corrections
from events.models import AuditEntry
from tests.builders import then_fare
from tests.events.admin.corrections.screens import client_of, fields_of, page_of
from tests.events.corrections.desk import contra, events_of, lead, support, toll_charged_twice, waiting
from tests.faults import killed_at_each_step
from tests.projections.admin.pages import messages_of
from tests.threads import together


def noted(correction_id: object) -> list[AuditEntry]:
    entries = AuditEntry.objects.filter(action="correction_approved")
    return [entry for entry in entries if entry.details.get("correction") == str(correction_id)]


def test_two_leads_who_press_at_once_make_one_event() -> None:
    for _ in range(3):
        correction = waiting(contra(toll_charged_twice()))
        clients = [client_of(lead()) for _ in range(3)]
        forms = [fields_of(client.get(page_of(correction))) for client in clients]
        address = f"{page_of(correction)}approve/"
        answers = together(
            [partial(client.post, address, form) for client, form in zip(clients, forms, strict=True)]
        )
        assert {answer["Location"] for answer in answers} == {page_of(correction)}
        said = [messages_of(answer)[-1] for answer in answers]
        assert sum(text.startswith("Approved. ") for text in said) == 1
        assert sum("approved this correction already" in text for text in said) == 2
        assert len(events_of(correction)) == 1
        assert len(noted(correction.pk)) == 1
        then_fare(correction.booking_id, "19.00", version=4)


def test_one_approves_while_another_rejects() -> None:
    for _ in range(6):
        correction = waiting(contra(toll_charged_twice()))
        form = {"seen_version": 3, "reason": "So"}
        together(
            [
                partial(client_of(lead()).post, f"{page_of(correction)}{what}/", form)
                for what in ("approve", "reject")
            ]
        )
        state = corrections.get(correction.pk).state
        assert state in ("approved", "rejected")
        assert len(events_of(correction)) == len(noted(correction.pk)) == (state == "approved")


@pytest.mark.parametrize(
    "every", [pytest.param(5, id="sampled"), pytest.param(1, id="all", marks=pytest.mark.long)]
)
def test_a_process_killed_under_the_button_leaves_nothing_or_all_of_it(every: int) -> None:
    checker = support()
    correction = waiting(contra(toll_charged_twice()))
    deaths = 0
    for _step in killed_at_each_step(
        "tests.events.admin.corrections.killed:approve", str(correction.pk), str(checker.pk), every=every
    ):
        deaths += 1
        now, made = corrections.get(correction.pk), events_of(correction)
        assert (now.state, len(made), len(noted(correction.pk))) in {("proposed", 0, 0), ("approved", 1, 1)}
    assert deaths > 15 // every
    assert len(events_of(correction)) == len(noted(correction.pk)) == 1
    then_fare(correction.booking_id, "19.00", version=4)
