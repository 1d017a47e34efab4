from django.apps import AppConfig


class FareHistoryConfig(AppConfig):
    name = "farehistory"
    verbose_name = "Fare history"
