"""Clients and keys: the services that call the API, what each of their keys may do, and what becomes of it."""

from events.admin.keys.admin import ApiKeyAdmin

__all__ = ["ApiKeyAdmin"]
