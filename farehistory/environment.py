"""Settings from the environment that name themselves when they are wrong."""

from __future__ import annotations

import json
import os

from django.core.exceptions import ImproperlyConfigured


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
