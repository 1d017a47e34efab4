"""Metadata spread over lines, with every value exactly as stored."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from events import strict_json
from projections.pretty_json import pretty_json
from tests.properties.strategies import metadata


def test_objects_and_lists_are_indented() -> None:
    assert pretty_json('{"a":[1,{"b":null}],"c":{},"d":[]}') == (
        '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ],\n  "c": {},\n  "d": []\n}'
    )


@pytest.mark.parametrize("number", ["1.50", "1e2", "-0", "123456789012345678901234567890.10"])
def test_numbers_stay_as_they_were_written(number: str) -> None:
    assert pretty_json(f'{{"n":{number}}}') == f'{{\n  "n": {number}\n}}'


@pytest.mark.parametrize("text", ['"a, b: {c}"', r'"quote \" and \\"', r'"\u00e9"', '"]"', '"สยาม"'])
def test_strings_stay_as_they_were_written(text: str) -> None:
    assert text in pretty_json(f'{{"s":[{text},{text}]}}')


def test_an_empty_object_stays_on_its_line() -> None:
    assert pretty_json("{}") == "{}"


@given(metadata)
def test_only_white_space_changes(value: dict[str, object]) -> None:
    text = strict_json.dump(value)
    assert json.loads(pretty_json(text), parse_float=str) == json.loads(text, parse_float=str)
