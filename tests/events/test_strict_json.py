"""Rule 8, the parser's part: nothing guessed, nothing lost, and a pointer to what is wrong."""

from __future__ import annotations

import tracemalloc
from decimal import Decimal

import pytest

from events import strict_json
from events.errors import InvalidEvent, MalformedBody


def test_numbers_stay_as_they_were_written() -> None:
    text = '{"a":1.10,"b":-0,"c":12345678901234567890.123456789,"d":1E+5,"e":[0.1,1e-7]}'
    value = strict_json.parse(text.encode())
    assert value["a"] == Decimal("1.10")
    assert strict_json.parse(strict_json.dump(value).encode()) == value
    assert strict_json.dump(value).startswith('{"a":1.10,"b":-0,"c":12345678901234567890.123456789,')


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"{", b"{]", b'{"a":1,}', b"{'a':1}", b"nul", b"{} {}", b"01", b"+1", b"1.", b"\xff", b'"\xed\xa0\x80"',
     b'\xef\xbb\xbf{}', b'{"a":"\n"}', b'{"a":"\x00"}', b"[" * 100_000, b'{"a":' * 100_000,
     b"[" * 5000 + b"]" * 4999, b"[" * 5000 + b"]" * 5001, b"[" * 5000 + b'"]' + b"]" * 4999, "１".encode()],
    ids=lambda body: repr(body[:12]),
)  # fmt: skip
def test_what_is_no_json_text_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        strict_json.parse(body)


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        (b'{"a":1,"a":2}', "", "duplicate_key"),
        (b'{"m":{"x":[{"a":1,"b":2,"a":1}]}}', "/m/x/0", "duplicate_key"),
        (b'{"m":NaN}', "/m", "number_out_of_range"),
        (b'{"m":-Infinity}', "/m", "number_out_of_range"),
        (b'{"m":1e400}', "/m", "number_out_of_range"),
        (b'{"m":-1e999999999}', "/m", "number_out_of_range"),
        (b'{"m":1e-400}', "/m", "number_out_of_range"),
        (b'{"m":1e99999999999999999999}', "/m", "number_out_of_range"),
        (b'{"m":0e-99999}', "/m", "number_out_of_range"),
        (b'{"m":-0.0e99999}', "/m", "number_out_of_range"),
        (b'{"m":-1e-99999999999999999999}', "/m", "number_out_of_range"),
        (b'{"m":' + b"9" * 129 + b"}", "/m", "number_out_of_range"),
        (b'{"m":' + b"9" * 5000 + b"}", "/m", "number_out_of_range"),
        (b'{"m":"\\u0000"}', "/m", "nul"),
        (b'{"m":"\\ud800"}', "/m", "lone_surrogate"),
        (b'{"m":"\\udc00\\ud800"}', "/m", "lone_surrogate"),
        (b'{"m":{"\\ud800":1}}', "/m", "lone_surrogate"),
        (b'{"m":{"\\u0000":1}}', "/m", "nul"),
        (b'{"a/b":{"~":1e400}}', "/a~1b/~0", "number_out_of_range"),
        (b"[" * 5000 + b"]" * 5000, "/0" * 100, "too_deep"),
        (b'{"a":' * 5000 + b'"]\\"}{"' + b"}" * 5000, "/a" * 100, "too_deep"),
        (
            b'{"a":' * 3 + b"[" * 5000 + b"]" * 5000 + b',"b":"[{\\\\"}' + b"}" * 2,
            "/a" * 3 + "/0" * 97,
            "too_deep",
        ),
    ],
    ids=lambda case: repr(case)[:30],
)
def test_what_the_grammar_allows_and_the_ledger_does_not_is_named(
    body: bytes, pointer: str, code: str
) -> None:
    with pytest.raises(InvalidEvent) as refusal:
        strict_json.parse(body)
    assert [(error.pointer, error.code) for error in refusal.value.errors] == [(pointer, code)]


def test_escaped_letters_and_pairs_are_fine() -> None:
    assert strict_json.parse(b'"\\u00fc \\ud83d\\ude00 \\\\u0000"') == "ü 😀 \\u0000"


def test_the_longest_number_is_taken() -> None:
    digits = "9" * 128
    assert strict_json.dump(strict_json.parse(digits.encode())) == digits


def test_a_number_of_128_characters_is_taken_whichever_way_it_is_written() -> None:
    for text in ("1" * 126 + "e5", "0." + "1" * 126, "-" + "9" * 127):
        assert strict_json.parse(text.encode()) == Decimal(text)


def test_a_body_that_is_wrong_everywhere_is_answered_with_the_first_places() -> None:
    with pytest.raises(InvalidEvent) as refusal:
        strict_json.parse(b"[" + b"1e400," * 40_000 + b"1]")
    assert len(refusal.value.errors) == strict_json.MAX_FLAWS


@pytest.mark.parametrize(
    "body",
    [
        b'{"' + b"k" * 120_000 + b'":[' + b"1," * 60_000 + b'"\\u00fc"]}',
        b"{" + b"".join(b'"%d":1,' % i for i in range(30_000)) + b'"29999":1}',
        b"[" * 900 + b"1e400" + b"]" * 900,
    ],
    ids=["a long key over many values", "many keys and one twice", "a flaw far down"],
)
def test_no_body_costs_more_than_its_size(body: bytes) -> None:
    """Memory and work grow with the body, not with its square; what is wrong is still named."""
    tracemalloc.start()
    try:
        strict_json.flaws(strict_json.parse(body), "/metadata")
    except InvalidEvent as refusal:
        assert refusal.errors
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 150 * len(body)
