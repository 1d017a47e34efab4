from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from farehistory.demo.record import Record

URL = "http://127.0.0.1:8000"


def test_it_has_the_documented_form_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "demo.json"
    Record(URL, {"viewer": "a password"}, {"toll": "a key"}).write(file)
    assert json.loads(file.read_text()) == {
        "url": URL,
        "accounts": {"viewer": {"username": "viewer", "password": "a password"}},
        "api_keys": {"toll": "a key"},
    }
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_was_written_is_read_back_at_the_address_of_this_run(tmp_path: Path) -> None:
    file = tmp_path / "demo.json"
    Record(URL, {"viewer": "a password"}, {"toll": "a key"}).write(file)
    assert Record.read(file, "http://127.0.0.1:9000", pytest.fail) == Record(
        "http://127.0.0.1:9000", {"viewer": "a password"}, {"toll": "a key"}
    )


def test_the_first_run_knows_nothing(tmp_path: Path) -> None:
    assert Record.read(tmp_path / "demo.json", URL, pytest.fail) == Record(URL)


@pytest.mark.parametrize(
    "content", ["", '{"url": "http', "[]", "{}", '{"accounts": {"viewer": 1}}', "\udcff"]
)
def test_a_file_that_was_cut_short_counts_as_none_and_it_is_said(tmp_path: Path, content: str) -> None:
    file = tmp_path / "demo.json"
    file.write_text(content, errors="surrogateescape")
    said: list[str] = []
    assert Record.read(file, URL, said.append) == Record(URL)
    assert said == [f"{file} cannot be read; there will be new passwords and API keys."]
