"""Keeps the fares that are cached as new as the view."""

from __future__ import annotations

from functools import partial

from django.db import connection

from projections import cache, queries
from projections.projector import Page, Projector


class FareCacheProjector(Projector):
    """A consumer that follows the view: what it passes is committed there, so what it puts is what a reader gets."""

    name = "fare_cache"
    by_booking = False
    follows = "current_fare"

    def apply(self, page: Page) -> None:
        """Raises RedisError while Redis is away: the checkpoint waits."""
        with connection.cursor() as cursor:
            self.execute(cursor, "fare_cache", page)
            versions = dict(cursor.fetchall())
        cache.follow(versions, partial(queries.documents_in_view, page.partition))
