"""Settings and wiring. No app imports this package."""

from farehistory.celery import app as celery_app

__all__ = ["celery_app"]
