"""What the demo has handed out, remembered between runs in `demo.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from farehistory.embedded.state import write_private
from farehistory.embedded.supervisor import Say


@dataclass(slots=True)
class Record:
    """The demo's address, the password of each account and the API key of each source."""

    url: str
    passwords: dict[str, str] = field(default_factory=dict)
    api_keys: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path, url: str, say: Say) -> Record:
        """What an earlier run wrote, at the address of this one; empty if there was none.

        A file that cannot be understood counts as none, and it is said: the ledger is worth more than it.
        """
        if not file.exists():
            return cls(url)
        try:
            known = json.loads(file.read_text())
            passwords = {name: account["password"] for name, account in known["accounts"].items()}
            return cls(url, passwords, dict(known["api_keys"]))
        except (ValueError, LookupError, TypeError, AttributeError):
            say(f"{file} cannot be read; there will be new passwords and API keys.")
            return cls(url)

    def write(self, file: Path) -> None:
        """Keep it, readable by the owner of the file alone."""
        accounts = {
            name: {"username": name, "password": password} for name, password in self.passwords.items()
        }
        content = {"url": self.url, "accounts": accounts, "api_keys": self.api_keys}
        write_private(file, json.dumps(content, indent=2) + "\n")
