"""Examples of corrections for the OpenAPI document: a toll that was charged twice."""

from __future__ import annotations

PROPOSAL = {
    "id": "5b0a7c52-90d5-4ec9-8c42-70d0c7b5a1ee",
    "booking_id": "BK-1001",
    "corrects_version": 3,
    "seen_version": 4,
    "kind": "contra",
    "reason_code": "charged_twice",
    "reason": "One passage, reported by two gantries",
    "evidence": "https://desk.example/tickets/18821",
}


PROPOSED = {
    "id": "5b0a7c52-90d5-4ec9-8c42-70d0c7b5a1ee",
    "booking_id": "BK-1001",
    "corrects_version": 3,
    "kind": "contra",
    "type": "SUB",
    "component": "toll",
    "amount": "5.00",
    "target": None,
    "allow_negative": False,
    "currency": "SGD",
    "reason_code": "charged_twice",
    "reason": "One passage, reported by two gantries",
    "evidence": "https://desk.example/tickets/18821",
    "seen_version": 4,
    "seen_fare": "28.40",
    "needs": "second_person",
    "needs_reason": "A correction of SGD 5.00 needs a second person.",
    "proposed_by": "mei",
    "proposed_at": "2026-05-03T15:02:44.018234Z",
    "expires_at": "2026-05-10T15:02:44.018234Z",
    "state": "proposed",
    "expired": False,
    "decided_by": None,
    "decided_at": None,
    "decision_reason": "",
    "event_version": None,
}
_DECIDED = {"decided_by": "arun", "decided_at": "2026-05-03T15:20:10.482113Z"}
APPROVED = {**PROPOSED, **_DECIDED, "state": "approved", "event_version": 5}
REJECTED = {**PROPOSED, **_DECIDED, "state": "rejected", "decision_reason": "These were two passages"}
WITHDRAWN = {
    **PROPOSED,
    **_DECIDED,
    "decided_by": "mei",
    "state": "withdrawn",
    "decision_reason": "Wrong booking",
}
_OUTCOME = {
    "currency": "SGD",
    "before": {"version": 4, "fare": "28.40", "components": {"base_fare": "18.40", "toll": "10.00"}},
    "event": {"type": "SUB", "component": "toll", "amount": "5.00", "allow_negative": False},
    "after": {"version": 5, "fare": "23.40", "components": {"base_fare": "18.40", "toll": "5.00"}},
}
PREVIEW = {
    **_OUTCOME,
    "needs": "second_person",
    "needs_reason": "A correction of SGD 5.00 needs a second person.",
    "customer_text": "We took off a toll of SGD 5.00 that was charged twice.",
    "moved": [],
    "refusal": None,
}
REVIEWED = {
    **PROPOSED,
    "customer_text": "We took off a toll of SGD 5.00 that was charged twice.",
    "review": {"proposed": _OUTCOME, "now": PREVIEW},
}
PAGE = {"results": [PROPOSED], "next": None}
