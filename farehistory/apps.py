"""Django's app of the wiring: what must be there before the first request."""

from django.apps import AppConfig, apps


class FareHistoryConfig(AppConfig):
    name = "farehistory"
    verbose_name = "Fare history"

    def ready(self) -> None:
        """Connects what happens at a log-in: it is noted in the audit, and the session's time begins."""
        from farehistory.security import log_ins, sessions  # noqa: F401 - need the models

        apps.get_app_config("auth").verbose_name = "Staff"  # the pages of accounts say what the menu says
