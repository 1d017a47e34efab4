"""Who runs a command."""

from __future__ import annotations

import getpass
import os


def account() -> str:
    """The account of the operating system, which in a container may have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
