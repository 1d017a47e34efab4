"""Settings of cookies, sessions, log-ins and content policies, taken over by `farehistory.settings`.

Everything that needs TLS hangs on HTTPS, so that plain http on a laptop works; the rest holds everywhere.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import environ
from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.core.exceptions import ImproperlyConfigured

from farehistory import environment

env = environ.Env()

SHORTEST_SECRET: Final = 32
"""Characters that a secret key must have where HTTPS says that this is no laptop."""

# Set HTTPS where TLS ends in front of the application: cookies then travel by TLS only.
HTTPS = env.bool("HTTPS", default=False)
# Proxies in front that each add the caller's address to X-Forwarded-For; 0: the connection's own address counts.
FAREHISTORY_PROXIES = environment.whole_number("FAREHISTORY_PROXIES", 0, least=0, most=9)

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

SESSION_ENGINE = "farehistory.security.session_store"
# Lax, not Strict: a link to a fare in a chat or a ticket must find its reader signed in. All acts are POST.
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# Nobody stays signed in for longer than this, nor without doing anything for longer than that.
SESSION_COOKIE_AGE = 60 * environment.whole_number("FAREHISTORY_SESSION_MINUTES", 720, least=1, most=43_200)
FAREHISTORY_IDLE_SECONDS = 60 * environment.whole_number("FAREHISTORY_IDLE_MINUTES", 60, least=1, most=43_200)

if HTTPS:
    # The prefix makes browsers refuse a cookie that came from a sub-domain or over plain http.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    # Services inside may call the API without TLS, by keys and without cookies.
    SECURE_REDIRECT_EXEMPT = [r"^api/", r"^metrics"]
    SECURE_HSTS_SECONDS = environment.whole_number(
        "FAREHISTORY_HSTS_SECONDS", 31_536_000, least=0, most=63_072_000
    )
    SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("FAREHISTORY_HSTS_SUBDOMAINS", default=True)

# To be preloaded by browsers is for the owner of a whole domain to ask for, not for a service below it.
SILENCED_SYSTEM_CHECKS = ["security.W021"]

AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# Log-ins: a name is locked for an address, never for all of them, so that nobody can lock others out.
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT = environment.whole_number("FAREHISTORY_LOGIN_FAILURES", 5, least=1, most=100)
AXES_COOLOFF_TIME = timedelta(
    minutes=environment.whole_number("FAREHISTORY_LOCKOUT_MINUTES", 15, least=1, most=10_080)
)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "farehistory.security.lock_outs.address_to_lock"
AXES_LOCKOUT_CALLABLE = "farehistory.security.lock_outs.locked_out_page"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True  # the audit has it
AXES_ENABLE_ADMIN = False  # its pages would offer to edit and delete; ours unlocks
AXES_VERBOSE = False

# Whether every member of staff must have a second factor; without it, those are asked who set one up.
FAREHISTORY_REQUIRE_SECOND_FACTOR = env.bool("FAREHISTORY_REQUIRE_SECOND_FACTOR", default=False)
OTP_TOTP_ISSUER = env.str("FAREHISTORY_NAME", default="Fare history")

_STRICT: dict[str, Any] = {
    "default-src": [SELF],
    "object-src": [NONE],
    "base-uri": [NONE],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
}
# The shell's scripts compile expressions that stand in attributes, and set styles by attributes.
_ADMIN = {
    **_STRICT,
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:"],
}
_API_DOCS = {**_STRICT, "style-src": [SELF, UNSAFE_INLINE], "img-src": [SELF, "data:"]}

FAREHISTORY_CONTENT_POLICIES = {"strict": _STRICT, "admin": _ADMIN, "api-docs": _API_DOCS}
CONTENT_SECURITY_POLICY = {"DIRECTIVES": _STRICT}


def demanded_secret_key(key: str) -> str:
    """The key, empty where none was given. Raises ImproperlyConfigured where HTTPS is set and it is short."""
    if HTTPS and len(key) < SHORTEST_SECRET:
        raise ImproperlyConfigured(
            f"SECRET_KEY has {len(key)} characters; with HTTPS it must be set, the same for every process,"
            f" to at least {SHORTEST_SECRET} random ones."
        )
    return key
