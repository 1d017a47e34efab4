"""Bodies that no service should send: each has a clear problem for an answer, and nothing is written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api_client import Api, assert_nothing_written, assert_problem, new_event, pointers
from tests.builders import new_booking_id

FULL_WIDTH = "１２.００"


def refused(api: Api, body: Any, status: int, code: str, **headers: str) -> dict[str, Any]:
    booking = new_booking_id()
    problem = assert_problem(api.post(f"fares/{booking}/events", body, **headers), status, code)
    assert_nothing_written(booking)
    return problem


def raw(**fields: str) -> bytes:
    """A valid event with these fields as JSON texts in place of its own."""
    texts = {name: json.dumps(value) for name, value in new_event().items()} | fields
    return ("{" + ",".join(f'"{name}":{text}' for name, text in texts.items()) + "}").encode(
        "utf-8", "surrogatepass"
    )


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b" ", id="blank"),
        pytest.param(b"{", id="cut"),
        pytest.param(json.dumps(new_event()).encode()[:-1], id="cut at the end"),
        pytest.param(json.dumps(new_event()).encode() + b"x", id="more after the end"),
        pytest.param(json.dumps(new_event()).encode() * 2, id="two texts"),
        pytest.param(b"\xef\xbb\xbf" + json.dumps(new_event()).encode(), id="byte order mark"),
        pytest.param(json.dumps(new_event()).encode("utf-16"), id="utf-16"),
        pytest.param(b'{"amount": "\xff"}', id="not utf-8"),
        pytest.param(b'{"amount": "\xed\xa0\x80"}', id="a surrogate in utf-8"),
        pytest.param(b"[" * 100_000, id="100,000 levels, open"),
        pytest.param(b"[" * 100_000 + b"]" * 99_999, id="100,000 levels, one open"),
        pytest.param(b"amount=1.00&type=SET", id="a form"),
        pytest.param(b"{'amount': '1.00'}", id="single quotes"),
        pytest.param(b'{"amount": "1.00",}', id="trailing comma"),
        pytest.param(b'{"amount": "a\nb"}', id="a raw line break in a string"),
        pytest.param(b'{"amount": "\\x"}', id="an unknown escape"),
        pytest.param(b'{"amount": 01}', id="a leading zero"),
        pytest.param(b"\0", id="a NUL byte"),
    ],
)
def test_what_is_not_one_json_text_is_a_malformed_body(api: Api, body: bytes) -> None:
    assert refused(api, body, 400, "malformed_body")["errors"] == []


@pytest.mark.parametrize("body", [b"null", b"true", b"1", b'"SET"', b"[]", b'[{"amount":"1.00"}]', b"1.5"])
def test_a_body_that_is_no_object_is_no_event(api: Api, body: bytes) -> None:
    assert pointers(refused(api, body, 422, "invalid_event")) == [""]


def test_an_empty_object_lacks_every_field(api: Api) -> None:
    found = pointers(refused(api, {}, 422, "invalid_event"))
    assert sorted(found) == ["/amount", "/component", "/expected_version", "/transaction_id", "/type"]


@pytest.mark.parametrize("name", ["transaction_id", "expected_version", "type", "component", "amount"])
def test_a_missing_field_is_named(api: Api, name: str) -> None:
    problem = refused(api, new_event(**{name: ...}), 422, "invalid_event")
    assert (pointers(problem), problem["errors"][0]["code"]) == ([f"/{name}"], "required")


@pytest.mark.parametrize("name", ["source", "booking_id", "version", "fare", "Amount", "", "a/b~c", "ü"])
def test_an_unknown_field_is_refused_and_named(api: Api, name: str) -> None:
    problem = refused(api, new_event(**{name: "1"}), 422, "invalid_event")
    assert pointers(problem) == ["/" + name.replace("~", "~0").replace("/", "~1")]


def test_everything_that_is_wrong_is_named_at_once(api: Api) -> None:
    problem = refused(api, new_event(amount=1, type="PUT", colour="red", actor=7), 422, "invalid_event")
    assert sorted(pointers(problem)) == ["/actor", "/amount", "/colour", "/type"]


def test_thousands_of_errors_make_a_short_answer(api: Api) -> None:
    problem = refused(api, {f"field_{i}": 0 for i in range(10_000)}, 422, "invalid_event")
    assert len(problem["errors"]) == 50
    assert len(json.dumps(problem)) < 20_000


@pytest.mark.parametrize(
    "amount",
    [
        "12.50", "12", "0", "-1", "1e2", "1e400", "NaN", "9" * 5000,
        "null", "true", "[]", "{}", '["1.00"]', '""', '"-1.00"', '"+1.00"', '" 1.00"', '"1.00 "', '"1.00\\n"',
        '"1,00"', '"1_0.00"', '"01.00"', '".50"', '"1."', '"1e2"', '"0x10"', '"Infinity"', '"NaN"',
        '"1.00001"',
        '"12345678901234567"', f'"{"9" * 5000}"', f'"{FULL_WIDTH}"', '"١٢"', '"12.50SGD"', '"１"',
        '"1\\u0000"', '"\\ud800"',
    ],
)  # fmt: skip
def test_an_amount_is_a_string_of_ascii_digits_and_nothing_else(api: Api, amount: str) -> None:
    refused(api, raw(amount=amount), 422, "invalid_event")


@pytest.mark.parametrize(
    "version",
    [
        "-1", "1.5", "1.0", "1e-1", "true", "false", "null", '"0"', '"ANY"', '"Any"', '"any "', '""', "[]",
        "[0]",
        "{}", "2147483648", str(2**63), str(2**64), "1e400", "9" * 5000, "-0.0",
    ],
)  # fmt: skip
def test_an_expected_version_is_a_whole_number_or_any(api: Api, version: str) -> None:
    refused(api, raw(expected_version=version), 422, "invalid_event")


@pytest.mark.parametrize(
    "transaction_id",
    [
        "1", "null", '""', '"1"', '"8d5c2f0e4b0a4d2b9d9e3f6f0a1b2c3d"',
        '"{8d5c2f0e-4b0a-4d2b-9d9e-3f6f0a1b2c3d}"',
        '"urn:uuid:8d5c2f0e-4b0a-4d2b-9d9e-3f6f0a1b2c3d"', '"8d5c2f0e-4b0a-4d2b-9d9e-3f6f0a1b2c3d\\n"',
        '"8d5c2f0e-4b0a-4d2b-9d9e-3f6f0a1b2c3g"', '"８d5c2f0e-4b0a-4d2b-9d9e-3f6f0a1b2c3d"', '["a"]', "{}",
        "true",
    ],
)  # fmt: skip
def test_a_transaction_id_is_a_uuid_in_its_usual_form(api: Api, transaction_id: str) -> None:
    assert pointers(refused(api, raw(transaction_id=transaction_id), 422, "invalid_event")) == [
        "/transaction_id"
    ]


@pytest.mark.parametrize(
    "occurred_at",
    [
        '"0001-01-01T00:00:00Z"', '"9999-12-31T23:59:59Z"', '"9999-12-31T23:59:59-23:59"',
        '"1969-12-31T23:59:59Z"',
        '"0001-01-01T00:00:00+23:59"', '"0000-01-01T00:00:00Z"', '"2026-06-30T23:59:60Z"',
        '"2026-05-03T14:05:00"',
        '"2026-02-30T00:00:00Z"', '"2026-05-03"', '"14:05"', '"2026-W18-7T00:00:00Z"', '"now"', '""',
        "1777817100",
        '"1777817100"', '"2026-05-03T24:00:00Z"', '"2026-05-03T14:05:00+24:00"',
        '"2026-05-03T14:05:00 +08:00"',
        '"２026-05-03T14:05:00Z"', '"2026-05-03T14:05:00Z\\n"', "true", "{}", "[]", "1e400",
    ],
)  # fmt: skip
def test_a_time_that_is_none_or_out_of_range_is_refused(api: Api, occurred_at: str) -> None:
    assert pointers(refused(api, raw(occurred_at=occurred_at), 422, "invalid_event"))[-1] == "/occurred_at"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("type", '"set"'), ("type", '"DELETE"'), ("type", "null"), ("type", "1"), ("type", '["SET"]'),
        ("type", '{"SET":1}'), ("type", '"SET\\n"'),
        ("component", '""'), ("component", '"Toll"'), ("component", '"toll fee"'), ("component", '"toll\\n"'),
        ("component", '"1toll"'), ("component", '"töll"'), ("component", f'"{"a" * 49}"'),
        ("component", "null"),
        ("component", "7"), ("component", "[]"),
        ("currency", '"sgd"'), ("currency", '"XXX"'), ("currency", '"XAU"'), ("currency", '"BTC"'),
        ("currency", '""'),
        ("currency", '"SGD\\n"'), ("currency", "702"), ("currency", '["SGD"]'), ("currency", "{}"),
        ("currency", "true"),
        ("description", f'"{"x" * 501}"'), ("description", '"a\\nb"'), ("description", '"a\\u0007"'),
        ("description", '"\\u0000"'), ("description", '"\\ud800"'), ("description", "1"),
        ("description", "{}"),
        ("actor", f'"{"x" * 129}"'), ("actor", '"a\\tb"'), ("actor", '"\\udfff"'), ("actor", "false"),
        ("actor", "[]"),
        ("allow_negative", "1"), ("allow_negative", '"true"'), ("allow_negative", "null"),
        ("allow_negative", "[]"),
        ("metadata", "[]"), ("metadata", '"{}"'), ("metadata", "1"), ("metadata", "true"),
    ],
)  # fmt: skip
def test_a_field_of_a_wrong_type_or_form_is_named(api: Api, name: str, value: str) -> None:
    assert pointers(refused(api, raw(**{name: value}), 422, "invalid_event")) == [f"/{name}"]


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ('{"a":1,"a":2}', "duplicate_key"),
        ('{"a":[{"b":1,"b":1}]}', "duplicate_key"),
        ('{"a":"\\u0000"}', "nul"),
        ('{"\\u0000":1}', "nul"),
        ('{"a":"\\ud800"}', "lone_surrogate"),
        ('{"\\udc00":1}', "lone_surrogate"),
        ('{"\\udc00":"\\u0000"}', "nul"),
        ('{"a":NaN}', "number_out_of_range"),
        ('{"a":-Infinity}', "number_out_of_range"),
        ('{"a":1e400}', "number_out_of_range"),
        ('{"a":1e-400}', "number_out_of_range"),
        ('{"a":1e99999999999999999999}', "number_out_of_range"),
        ('{"a":-0e-99999999999999999999}', "number_out_of_range"),
        ('{"a":' + "9" * 129 + "}", "number_out_of_range"),
        ('{"a":' + "9" * 5000 + "}", "number_out_of_range"),
        ('{"a":' + "[" * 40 + "]" * 40 + "}", "too_deep"),
        ('{"a":' * 17 + "1" + "}" * 17, "too_deep"),
        ('{"a":' + "[" * 100_000 + "]" * 100_000 + "}", "too_deep"),
        ('{"a":"' + "x" * 33_000 + '"}', "too_large"),
    ],
)
def test_metadata_that_cannot_be_kept_safely_is_refused(api: Api, metadata: str, code: str) -> None:
    problem = refused(api, raw(metadata=metadata), 422, "invalid_event")
    assert code in {error["code"] for error in problem["errors"]}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * 100_000 + b"]" * 100_000, id="100,000 levels"),
        pytest.param(b'{"a":' * 30_000 + b"1" + b"}" * 30_000, id="30,000 objects"),
    ],
)
def test_what_is_nested_deeper_than_a_parser_reads_is_refused_as_such(api: Api, body: bytes) -> None:
    problem = refused(api, body, 422, "invalid_event")
    assert [error["code"] for error in problem["errors"]] == ["too_deep"]


def test_a_key_twice_in_the_event_itself_is_refused(api: Api) -> None:
    body = json.dumps(new_event())[:-1] + ', "amount": "1.00"}'
    problem = refused(api, body.encode(), 422, "invalid_event")
    assert problem["errors"][0]["code"] == "duplicate_key"


def test_ten_megabytes_are_too_large(api: Api) -> None:
    refused(api, raw(description='"' + "x" * 10_000_000 + '"'), 413, "too_large")


def test_a_quarter_of_a_megabyte_is_read_and_one_byte_more_is_not(api: Api) -> None:
    limit = 256 * 1024
    body = json.dumps(new_event()).encode()
    booking = new_booking_id()
    assert api.post(f"fares/{booking}/events", body.ljust(limit)).status_code == 201
    refused(api, body.ljust(limit + 1), 413, "too_large")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
        "application/xml", "*/*",
        "application/*", "", "application/jsonp", "application/json; charset=latin-1",
        "application/merge-patch+json",
        "application/json; charset=utf-16", "json", ";", "application/json, text/plain", "\u00e9",
    ],
)  # fmt: skip
def test_a_body_of_another_media_type_is_refused(api: Api, content_type: str) -> None:
    refused(api, new_event(), 415, "unsupported_media_type", Content_Type=content_type)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        'Application/JSON; Charset="UTF-8"',
        "application/json;x=y",
    ],
)
def test_json_in_utf_8_is_accepted_however_it_is_announced(api: Api, content_type: str) -> None:
    path = f"fares/{new_booking_id()}/events"
    assert api.post(path, new_event(), Content_Type=content_type).status_code == 201


def test_the_longest_values_that_fit_are_kept(api: Api) -> None:
    event = new_event(
        component="c" * 48,
        amount="9999999999999.99",
        description="\U0001f695" * 500,
        actor="ö" * 128,
        occurred_at="1970-01-01T00:00:00Z",
        metadata={"a": "x" * 32_000},
    )
    answer = api.post(f"fares/B{'.' * 63}/events", event | {"expected_version": "any"})
    assert answer.status_code == 201, answer.content
    assert answer.json()["description"] == event["description"]
    assert answer.json()["fare"] == "9999999999999.99"
