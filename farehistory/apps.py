"""Django's app of the wiring: what must be there before the first request."""

from django.apps import AppConfig, apps


class FareHistoryConfig(AppConfig):
    name = "farehistory"
    verbose_name = "Fare history"

    def ready(self) -> None:
        """Connects what happens at a log-in: it is noted in the audit, and the session's time begins; and at a task,
        which is counted."""
        from farehistory.metrics import tasks  # noqa: F401 - needs the settings
        from farehistory.security import log_ins, sessions  # noqa: F401 - need the models

        # The ready pages say what the menu says. (Set so, no migration asks for it.)
        apps.get_app_config("auth").verbose_name = "Staff"
        apps.get_app_config("axes").verbose_name = "Lock-outs"
        apps.get_model("auth", "User")._meta.verbose_name_plural = "people"
        apps.get_model("events", "AuditEntry")._meta.verbose_name_plural = "audit entries"
