"""Settings, only from the environment; docs/operating.md lists every variable. Nothing set: the embedded mode."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import environ
from kombu import Exchange, Queue

from farehistory import environment, logs, running
from farehistory.admin_shell import UNFOLD  # noqa: F401 - a setting
from farehistory.embedded.state import State
from farehistory.http.settings import REST_FRAMEWORK, SPECTACULAR_SETTINGS  # noqa: F401 - settings
from farehistory.security.settings import *  # noqa: F403 - settings
from farehistory.security.settings import demanded_secret_key
from farehistory.services import Services

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
_services = Services.from_environment()

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = demanded_secret_key(env.str("SECRET_KEY", default=""))
SECRET_KEY = SECRET_KEY or State.from_environment().password("django")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "django_celery_beat",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "events",
    "projections",
    "farehistory",
]

MIDDLEWARE = [
    "farehistory.http.access.Access",  # the first: it measures all others
    "farehistory.http.request_ids.RequestIdMiddleware",
    "farehistory.health.HealthMiddleware",
    "farehistory.http.actors.ActorMiddleware",
    "farehistory.http.sides.Sides",  # the API's requests go from here to the view
    "django.middleware.security.SecurityMiddleware",
    "farehistory.security.content_policies.ContentPolicies",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "farehistory.security.caching.KeptNowhere",
    "django.middleware.common.CommonMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "farehistory.security.sessions.SessionLimits",
    "django_otp.middleware.OTPMiddleware",
    "farehistory.security.second_factor.middleware.SecondFactorMiddleware",
    "axes.middleware.AxesMiddleware",  # after all others: it turns a refused log-in into its page
    "farehistory.http.sides.before_the_view",
]

ROOT_URLCONF = "farehistory.urls"
WSGI_APPLICATION = "farehistory.wsgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Two roles on one database: "default" may read the ledger and call its append function, "owner" migrates.
# Connections stay open; behind pgbouncer in transaction mode nothing may be prepared, and nothing is.
_CONNECTION = {"CONN_MAX_AGE": None, "DISABLE_SERVER_SIDE_CURSORS": True}
_CONNECTION_OPTIONS = {
    "connect_timeout": 2,
    # A host that vanished is noticed in half a minute, not in hours. Not on Unix sockets.
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "application_name": "farehistory",
    # Seconds; 0 for no limit. The web processes set it: a request must not wait for a server that hangs.
    "answer_within": environment.number("DATABASE_ANSWER_WITHIN", 0) or None,
}


def _database(address: dict[str, Any]) -> dict[str, Any]:
    options = _CONNECTION_OPTIONS | address.get("OPTIONS", {})
    return {**address, **_CONNECTION, "ENGINE": "farehistory.database", "OPTIONS": options}


DATABASES = {"default": _database(_services.application)}
if _services.owner is not None:
    DATABASES["owner"] = _database(_services.owner)
DATABASE_ROUTERS: list[str] = []
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = _services.redis_url
REDIS_PREFIX = env.str("FAREHISTORY_REDIS_PREFIX", default="farehistory:")

# Requests that an API key may make in so many seconds, unless it has a limit of its own; 0: any number.
FAREHISTORY_RATE_LIMIT = environment.whole_number("FAREHISTORY_RATE_LIMIT", 10_000, least=0, most=1_000_000)
FAREHISTORY_RATE_WINDOW = environment.whole_number("FAREHISTORY_RATE_WINDOW", 10, least=1, most=3600)
# Wrong keys that are looked up for one address in a minute; 0: any number.
FAREHISTORY_WRONG_KEYS_PER_MINUTE = environment.whole_number(
    "FAREHISTORY_WRONG_KEYS_PER_MINUTE", 600, least=0, most=1_000_000
)

CELERY_BROKER_URL = _services.broker_url
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": REDIS_PREFIX,
    # Longer than any step of ours, so that a task is given out again only after its worker died.
    "visibility_timeout": 300,
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "socket_keepalive": True,
    "max_retries": 1,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # for ever
CELERY_TASK_DEFAULT_QUEUE = "projections"
# What takes long waits in a queue of its own, so that it can have a worker of its own.
CELERY_TASK_QUEUES = [
    Queue(name, Exchange(name), routing_key=name) for name in (CELERY_TASK_DEFAULT_QUEUE, "maintenance")
]
CELERY_TASK_ROUTES = {
    f"projections.{task}": {"queue": "maintenance"}
    for task in ("rebuild", "start_rebuild", "repair", "monitor_drift", "archive")
} | {f"events.{task}": {"queue": "maintenance"} for task in ("go_on", "take_runs_up", "remove_old_files")}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_DB_REUSE_MAX = 10_000  # tasks that one connection to PostgreSQL serves
# A step that hangs is ended before the broker gives it to somebody else.
CELERY_TASK_TIME_LIMIT = 240
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "farehistory.beat:SlotScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 1  # seconds until an edited schedule takes effect
CELERY_BEAT_SYNC_EVERY = 10  # tasks sent between two writes of when each last ran
CELERY_BEAT_CRON_STARTING_DEADLINE = 3600  # seconds that a crontab's moment is made good after beat was away
# Of the first schedule of the sweep, which `migrate` makes; edited in the admin afterwards, like all others.
FAREHISTORY_SWEEP_SECONDS = environment.number("FAREHISTORY_SWEEP_SECONDS", 2.0) or 2.0

# Read side
# Keys at the top of an event's metadata whose values find the booking. Other keys make another version of the view.
FAREHISTORY_SEARCH_KEYS = environment.names(
    "FAREHISTORY_SEARCH_KEYS",
    "customer_id,customer_ref,order_id,order_ref,trip_id,trip_ref,ticket",
    longest=180,
)
# Events that a stream keeps of each partition, and the consumer groups whose unread events it keeps beyond that.
FAREHISTORY_STREAM_KEEP = environment.whole_number(
    "FAREHISTORY_STREAM_KEEP", 10_000, least=1, most=10_000_000
)
FAREHISTORY_STREAM_GROUPS = environment.group_names("FAREHISTORY_STREAM_GROUPS")
# The folder that the ledger's events are archived in; empty: nowhere. It holds personal data, readable by its owner.
FAREHISTORY_ARCHIVE = env.str("FAREHISTORY_ARCHIVE", default="") or _services.archive

# Imports and exports: the folder of their files, which web and workers share; empty: nothing is uploaded, and only
# small exports are made. The folder that files to be imported are named in; empty: none are. Both hold personal data.
FAREHISTORY_TRANSFERS = env.str("FAREHISTORY_TRANSFERS", default="") or _services.transfers
FAREHISTORY_IMPORT_FOLDER = env.str("FAREHISTORY_IMPORT_FOLDER", default="") or _services.imports
FAREHISTORY_UPLOAD_MEGABYTES = environment.whole_number(
    "FAREHISTORY_UPLOAD_MEGABYTES", 100, least=1, most=10_000
)
FAREHISTORY_IMPORT_MEGABYTES = environment.whole_number(
    "FAREHISTORY_IMPORT_MEGABYTES", 1000, least=1, most=10_000
)
# Days that their files are kept after a run ended.
FAREHISTORY_TRANSFER_DAYS = environment.whole_number("FAREHISTORY_TRANSFER_DAYS", 7, least=1, most=365)
# The same for the lists of an import's rows that are not plainly in; never less than for the file.
FAREHISTORY_ROW_LIST_DAYS = environment.whole_number("FAREHISTORY_ROW_LIST_DAYS", 90, least=1, most=3650)

# The drift monitor walks through every view once in so many seconds.
FAREHISTORY_DRIFT_WALK_SECONDS = environment.whole_number(
    "FAREHISTORY_DRIFT_WALK_SECONDS", 86_400, least=1, most=31_536_000
)

# Where fares are cached, and the longest that one is that nothing changes. May be full, or away: reads go on.
CACHE_URL = _services.cache_url
FAREHISTORY_CACHE_SECONDS = environment.whole_number(
    "FAREHISTORY_CACHE_SECONDS", 3600, least=1, most=2_592_000
)

# A booking that has not changed for so many seconds gets a receipt. None comes by itself for a fare that was imported
# longer than so many seconds after it happened.
FAREHISTORY_RECEIPT_QUIET_SECONDS = environment.number("FAREHISTORY_RECEIPT_QUIET_SECONDS", 600)
FAREHISTORY_RECEIPT_IMPORTED_WITHIN_SECONDS = environment.number(
    "FAREHISTORY_RECEIPT_IMPORTED_WITHIN_SECONDS", 86_400
)
# A folder of more fonts for receipts as PDF, for scripts that those of the project lack; empty: none.
FAREHISTORY_RECEIPT_FONTS = env.str("FAREHISTORY_RECEIPT_FONTS", default="")

# Days that a correction waits for a second person; afterwards it can only be rejected or withdrawn.
FAREHISTORY_CORRECTION_EXPIRES = environment.whole_number(
    "FAREHISTORY_CORRECTION_EXPIRES", 7, least=1, most=365
)

# Requests that one web process answers at once. A quarter of these threads may wait for the feed.
FAREHISTORY_WEB_THREADS = environment.whole_number("FAREHISTORY_WEB_THREADS", 16, least=1, most=1024)

# How many logs the ledger has: read when it is created, fixed from then on.
FAREHISTORY_PARTITIONS = environment.whole_number("FAREHISTORY_PARTITIONS", 64, least=1, most=256)
FAREHISTORY_APPLICATION_ROLE = _services.application["USER"]
# Decimals of a currency where practice differs from ISO 4217, such as {"IDR": 0}. New bookings only.
FAREHISTORY_CURRENCY_EXPONENTS = environment.exponents("FAREHISTORY_CURRENCY_EXPONENTS")

# What the processes of one server or worker count and tell each other; empty: each counts for itself. The folder of the
# state folder is everybody's, any other is one server's, which empties it when it starts.
FAREHISTORY_RUN = env.str("FAREHISTORY_RUN", default="") or _services.run
FAREHISTORY_RUN_IS_OURS = _services.run != FAREHISTORY_RUN
running.prepare(FAREHISTORY_RUN)
# Whether /metrics is answered without a key, to everybody who reaches it.
FAREHISTORY_METRICS_OPEN = env.bool("FAREHISTORY_METRICS_OPEN", default=False)
# Where a worker answers Prometheus; 0: nowhere.
FAREHISTORY_WORKER_METRICS_PORT = environment.whole_number(
    "FAREHISTORY_WORKER_METRICS_PORT", 0, least=0, most=65535
)
FAREHISTORY_WORKER_METRICS_ADDRESS = env.str("FAREHISTORY_WORKER_METRICS_ADDRESS", default="127.0.0.1")

LANGUAGE_CODE = "en"
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_I18N = True
FORMAT_MODULE_PATH = "farehistory.formats"
USE_TZ = True

STATIC_URL = "static/"
# Where `collectstatic` puts files, and web processes look first; empty: they are served from where they lie.
STATIC_ROOT = env.str("STATIC_ROOT", default="") or None
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True

LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

# Of the admin's forms; an endpoint of the API has a limit of its own (`max_body`).
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024

# A JSON object a line for machines, or lines for people; and whether each request is told in one.
LOG_FORMAT = environment.one_of("LOG_FORMAT", "plain" if _services.are_embedded else "json", "json", "plain")
LOGGING = logs.settings(LOG_FORMAT, env.str("LOG_LEVEL", default="INFO"))
FAREHISTORY_ACCESS_LOG = env.bool("FAREHISTORY_ACCESS_LOG", default=not _services.are_embedded)
