"""What a proposal may be, before any database is asked."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from events.corrections import Kind, Proposal
from events.errors import InvalidCorrection


def body(**fields: Any) -> dict[str, Any]:
    whole = {
        "id": str(uuid4()),
        "booking_id": "BK-1",
        "corrects_version": Decimal(2),
        "seen_version": Decimal(3),
        "kind": "contra",
        "reason_code": "charged_twice",
        "reason": "Charged twice",
        **fields,
    }
    return {name: value for name, value in whole.items() if value is not ...}


EVENT = {"kind": "event", "type": "SUB", "amount": "5.00"}


def pointers(**fields: Any) -> list[str]:
    with pytest.raises(InvalidCorrection) as refused:
        Proposal.from_json(body(**fields))
    return [error.pointer for error in refused.value.errors]


def test_it_holds_python_values() -> None:
    proposal = Proposal.from_json(body(kind="should_be", target="20.00"))
    assert isinstance(proposal.id, UUID)
    assert (proposal.kind, proposal.target, proposal.seen_version) == (Kind.SHOULD_BE, Decimal("20.00"), 3)


@pytest.mark.parametrize(
    "missing", ["id", "booking_id", "corrects_version", "seen_version", "kind", "reason"]
)
def test_what_is_missing_is_named(missing: str) -> None:
    assert pointers(**{missing: ...}) == [f"/{missing}"]


def test_all_that_is_wrong_is_named_at_once() -> None:
    wrong = {**EVENT, "amount": "-5", "booking_id": "", "reason": " \n ", "evidence": "javascript:alert(1)"}
    assert sorted(pointers(**wrong)) == ["/amount", "/booking_id", "/evidence", "/reason"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"kind": "contra", "amount": "1.00"}, ["/amount"]),
        ({"kind": "contra", "target": "1.00"}, ["/target"]),
        ({"kind": "event"}, ["/type", "/amount"]),
        ({**EVENT, "target": "1.00"}, ["/target"]),
        ({"kind": "should_be"}, ["/target"]),
        ({"kind": "should_be", "target": "1.00", "component": "toll"}, ["/component"]),
        ({"kind": "nonsense"}, ["/kind"]),
        ({**EVENT, "amount": Decimal("5.00")}, ["/amount"]),
        ({"kind": "should_be", "target": Decimal("5.00")}, ["/target"]),
        ({"kind": "should_be", "target": "-5.00"}, ["/target"]),
        ({"kind": "should_be", "target": "--5.00"}, ["/target"]),
        ({"unknown": 1}, ["/unknown"]),
        ({"corrects_version": Decimal(0)}, ["/corrects_version"]),
        ({"seen_version": "3"}, ["/seen_version"]),
        ({"seen_version": True}, ["/seen_version"]),
        ({"reason": "\x00"}, ["/reason"]),
        ({"reason": "x" * 2001}, ["/reason"]),
        ({"evidence": "ftp://example.com/x"}, ["/evidence"]),
        ({"evidence": None}, ["/evidence"]),
        ({"evidence": "https://example.com/a\x01b"}, ["/evidence"]),
        ({"evidence": "https://example.com/a\x7fb"}, ["/evidence"]),
    ],
)
def test_fields_that_do_not_fit_are_refused(fields: dict[str, Any], expected: list[str]) -> None:
    assert pointers(**fields) == expected


@pytest.mark.parametrize("text", [[], None, "x", 1])
def test_a_body_that_is_no_object_is_refused(text: Any) -> None:
    with pytest.raises(InvalidCorrection):
        Proposal.from_json(text)


def test_a_fare_below_zero_is_asked_for_explicitly() -> None:
    proposal = Proposal.from_json(body(kind="should_be", target="-5.00", allow_negative=True))
    assert proposal.target == Decimal("-5.00")


def test_a_reason_may_have_lines_and_any_script() -> None:
    proposal = Proposal.from_json(body(reason="ค่าทางด่วน\r\nซ้ำ  ", evidence=" https://desk.example/t/1 "))
    assert (proposal.reason, proposal.evidence) == ("ค่าทางด่วน\nซ้ำ", "https://desk.example/t/1")
