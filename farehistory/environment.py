"""Settings from the environment that name themselves when they are wrong."""

from __future__ import annotations

import json
import os
import re

from django.core.exceptions import ImproperlyConfigured

_GROUP_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")


def number(name: str, default: float) -> float:
    """A number of at least 0. Raises ImproperlyConfigured."""
    text = os.environ.get(name, "")
    try:
        value = float(text or default)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise ImproperlyConfigured(f"{name} is {text!r}; it must be a number of at least 0.")
    return value


def whole_number(name: str, default: int, *, least: int, most: int) -> int:
    """A whole number in a range. Raises ImproperlyConfigured."""
    text = os.environ.get(name, "") or str(default)
    if not (text.isascii() and text.isdigit() and least <= int(text[:9]) <= most):
        raise ImproperlyConfigured(f"{name} is {text!r}; it must be a whole number from {least} to {most}.")
    return int(text)


def one_of(name: str, default: str, *choices: str) -> str:
    """One of these words. Raises ImproperlyConfigured."""
    text = os.environ.get(name, "") or default
    if text not in choices:
        raise ImproperlyConfigured(f"{name} is {text!r}; it must be {' or '.join(choices)}.")
    return text


def names(name: str, default: str, *, longest: int) -> list[str]:
    """Different names, separated by commas; `longest`: characters of all together. Raises ImproperlyConfigured."""
    text = os.environ.get(name, "") or default
    found = [part.strip() for part in text.split(",")]
    if not all(found) or len(set(found)) < len(found) or not text.isprintable() or len(text) > longest:
        raise ImproperlyConfigured(
            f"{name} is {text!r}; it must be different names separated by commas,"
            f" of at most {longest} characters in all."
        )
    return found


def group_names(name: str) -> list[str]:
    """Names of consumer groups, separated by commas; none where it is not set. Raises ImproperlyConfigured."""
    text = os.environ.get(name, "")
    found = [part.strip() for part in text.split(",")] if text.strip() else []
    if len(set(found)) < len(found) or not all(_GROUP_NAME.fullmatch(part) for part in found):
        raise ImproperlyConfigured(
            f"{name} is {text!r}; it must be different names separated by commas,"
            " each 1 to 64 of A-Z a-z 0-9 . _ : - and beginning with a letter or digit."
        )
    return found


def exponents(name: str) -> dict[str, int]:
    """Decimals by currency, as JSON: {"IDR": 0}. Raises ImproperlyConfigured."""
    text = os.environ.get(name, "") or "{}"
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict) or any(v not in range(5) or isinstance(v, bool) for v in value.values()):
        raise ImproperlyConfigured(
            f'{name} is {text!r}; it must be JSON like {{"IDR": 0}}, with 0 to 4 decimals.'
        )
    return value
