"""Every address of the back office, as the URL resolver knows it, and what must hold of each.

Whoever adds a page adds a line to EXPECTED: a test compares it with the resolver, and walks all of them as each group.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.urls import URLPattern, get_resolver

Permissions = frozenset[str]
Rule = Callable[[Permissions], bool]


def staff(_: Permissions) -> bool:
    """Whoever is staff, in whatever group or in none."""
    return True


def nobody(_: Permissions) -> bool:
    return False


def may(*names: str) -> Rule:
    """Who has all of these permissions."""
    return lambda permissions: set(names) <= permissions


def may_any(*names: str) -> Rule:
    """Who has one of these permissions."""
    return lambda permissions: bool(set(names) & permissions)


@dataclass(frozen=True, slots=True)
class Expected:
    """What an address answers. Whoever may not: 403, or 405 where the method itself is not taken."""

    see: Rule
    """Who may GET it."""
    act: Rule
    """Who may POST to it."""
    get: int = 200
    post: tuple[int, ...] = (200, 302)
    """What an empty form of theirs may be answered with; a mistake is pointed out on a page, as 200 or 422."""
    sends: Mapping[str, str] = field(default_factory=dict)
    """What the test posts, where an empty form would do something."""
    names: tuple[str, ...] = ()
    """The permissions that are asked for."""


def page(*names: str, get: int = 200) -> Expected:
    """To be read, by who has all of these permissions."""
    return Expected(may(*names), nobody, get=get, names=names)


def form(
    *names: str, sends: Mapping[str, str] | None = None, post: tuple[int, ...] = (200, 302, 422)
) -> Expected:
    """A form, shown to and taken from who has all of these permissions."""
    return Expected(may(*names), may(*names), sends=sends or {}, names=names, post=post)


def act(*names: str) -> Expected:
    """Only ever posted, by who has all of these permissions; back to a page."""
    return Expected(staff, may(*names), get=405, post=(302,), names=names)


def decision(name: str) -> Expected:
    """Posted by who may see and decide corrections; looked at, as after a log-in in between, it leads to the page."""
    rule = may("events.view_correction", name)
    return Expected(rule, rule, get=302, post=(200, 302, 400, 409, 422), names=(name,))


def ready_pages(app: str, model: str) -> Iterator[tuple[str, Expected]]:
    """The addresses of a model whose admin is Django's own."""
    view, add, change, delete = (f"{app}.{verb}_{model}" for verb in ("view", "add", "change", "delete"))
    root = f"admin/{app}/{model}/"
    looks = may_any(view, change)
    yield root, Expected(looks, looks, names=(view,))
    yield f"{root}add/", form(add)
    yield f"{root}<path:object_id>/history/", Expected(looks, looks, names=(view,))
    yield f"{root}<path:object_id>/delete/", form(delete)
    yield f"{root}<path:object_id>/change/", Expected(looks, may(change), names=(view, change))
    yield f"{root}<path:object_id>/", Expected(staff, staff, get=302, post=(302,))


_FARE = "admin/projections/currentfare/"
_EVENT = f"{_FARE}<path:object_id>/events/<int:version>/"
_PROJECTION = "admin/projections/projectionstate/"
_REBUILD = "admin/projections/rebuild/"
_CORRECTION = "admin/events/correction/"
_TRANSFER = "admin/events/transfer/"
_KEY = "admin/events/apikey/"
_VIEW_FARE = "projections.view_currentfare"
_VIEW_PROJECTION = "projections.view_projectionstate"
_VIEW_CORRECTION = "events.view_correction"

EXPECTED: dict[str, Expected] = {
    # Everybody's own.
    "admin/": Expected(staff, staff),
    "admin/login/": Expected(staff, staff, get=302),
    "admin/logout/": Expected(staff, staff, get=405),
    "admin/password_change/": form(),
    "admin/password_change/done/": Expected(staff, staff, post=(405,)),
    "admin/second-factor/": page(),
    "admin/second-factor/set-up/": form(),
    "admin/second-factor/check/": Expected(staff, staff, get=302),
    "admin/second-factor/recovery-codes/": act(),
    "admin/second-factor/remove/": act(),
    # The shell's.
    "admin/search/": Expected(staff, staff),
    "admin/autocomplete/": Expected(nobody, nobody),
    "admin/jsi18n/": Expected(staff, staff, post=(405,)),
    "admin/r/<path:content_type_id>/<path:object_id>/": Expected(staff, staff, get=404, post=(404,)),
    "admin/(?P<url>.*)$": Expected(staff, staff, get=404, post=(404,)),
    # Fares.
    _FARE: page(_VIEW_FARE),
    f"{_FARE}<path:object_id>/change/": page(_VIEW_FARE),
    f"{_FARE}<path:object_id>/json/": page(_VIEW_FARE),
    f"{_FARE}<path:object_id>/diff/": page(_VIEW_FARE),
    f"{_FARE}<path:object_id>/receipts/issue/": act(_VIEW_FARE, "projections.add_receipt"),
    f"{_FARE}<path:object_id>/receipts/<int:sequence>/": page(_VIEW_FARE),
    f"{_FARE}<path:object_id>/receipts/<int:sequence>.pdf": page(_VIEW_FARE),
    _EVENT: page(_VIEW_FARE),
    f"{_EVENT}metadata/": page(_VIEW_FARE),
    f"{_EVENT}json/": page(_VIEW_FARE),
    # Corrections.
    _CORRECTION: page(_VIEW_CORRECTION),
    f"{_CORRECTION}propose/": form(_VIEW_CORRECTION, "events.add_correction"),
    f"{_CORRECTION}<uuid:id>/": page(_VIEW_CORRECTION),
    f"{_CORRECTION}<uuid:id>/approve/": decision("events.approve_correction"),
    f"{_CORRECTION}<uuid:id>/reject/": decision("events.approve_correction"),
    f"{_CORRECTION}<uuid:id>/withdraw/": decision("events.add_correction"),
    # Projections, and what operators do to them.
    _PROJECTION: page(_VIEW_PROJECTION),
    f"{_PROJECTION}set-aside/": page(_VIEW_PROJECTION),
    f"{_PROJECTION}set-aside/retry/": act("projections.retry_setaside"),
    f"{_PROJECTION}<slug:name>/": page(_VIEW_PROJECTION),
    f"{_PROJECTION}<slug:name>/pause/": act("projections.change_projectionstate"),
    f"{_PROJECTION}<slug:name>/resume/": act("projections.change_projectionstate"),
    "admin/projections/drift/": page("projections.view_drift"),
    "admin/projections/drift/put-right/": act("projections.change_drift"),
    _REBUILD: page("projections.view_rebuild"),
    f"{_REBUILD}of/<slug:projection>/": form("projections.add_rebuild", sends={"partitions": "none"}),
    f"{_REBUILD}<uuid:rebuild_id>/": page("projections.view_rebuild"),
    f"{_REBUILD}<uuid:rebuild_id>/accept/": act("projections.change_rebuild"),
    f"{_REBUILD}<uuid:rebuild_id>/cancel/": act("projections.change_rebuild"),
    "admin/projections/repair/": page("projections.view_repair"),
    "admin/projections/repair/<uuid:repair_id>/": page("projections.view_repair"),
    # Imports and exports. The run of the walk is an export that was cancelled, so it has no file.
    _TRANSFER: page("events.view_transfer"),
    f"{_TRANSFER}import/": form("events.import_fares"),
    f"{_TRANSFER}export/": form("events.export_ledger", sends={"since": "nonsense", "form": "nonsense"}),
    f"{_TRANSFER}<uuid:run_id>/": page("events.view_transfer"),
    f"{_TRANSFER}<uuid:run_id>/confirm/": act("events.import_fares"),
    f"{_TRANSFER}<uuid:run_id>/cancel/": act("events.export_ledger"),
    f"{_TRANSFER}<uuid:run_id>/download/": page("events.export_ledger", get=404),
    f"{_TRANSFER}<uuid:run_id>/refused/": page("events.import_fares", get=404),
    f"{_TRANSFER}<uuid:run_id>/rows.<str:form>": page("events.view_transfer", get=404),
    # Clients and keys.
    _KEY: page("events.view_apikey"),
    f"{_KEY}add/": form("events.add_apikey", post=(400,)),
    f"{_KEY}<slug:key_id>/": page("events.view_apikey"),
    f"{_KEY}<slug:key_id>/rotate/": form("events.add_apikey", "events.change_apikey", post=(200, 400, 409)),
    f"{_KEY}<slug:key_id>/revoke/": form("events.change_apikey", post=(200, 302, 400)),
    # Staff.
    "admin/axes/accessattempt/": page("axes.view_accessattempt"),
    "admin/axes/accessattempt/unlock/": act("axes.delete_accessattempt"),
    "admin/events/auditentry/": page("events.view_auditentry"),
    "admin/auth/user/<id>/password/": form("auth.change_user"),
    **dict(ready_pages("auth", "user")),
    **dict(ready_pages("auth", "group")),
    **dict(ready_pages("events", "correctionlimit")),
    **dict(ready_pages("events", "reasoncode")),
    **dict(ready_pages("django_celery_beat", "periodictask")),
    **dict(ready_pages("django_celery_beat", "intervalschedule")),
    **dict(ready_pages("django_celery_beat", "crontabschedule")),
    **dict(ready_pages("django_celery_beat", "solarschedule")),
    **dict(ready_pages("django_celery_beat", "clockedschedule")),
}
"""The route, as the resolver writes it → what it answers."""


def routes() -> dict[str, URLPattern]:
    """Every route below admin/, but the lists of one app's models: `app_list` names the apps in its route."""
    found = dict(_routes(get_resolver().url_patterns, ""))
    return {
        route: pattern
        for route, pattern in found.items()
        if route.startswith("admin/") and pattern.name != "app_list"
    }


def app_lists() -> list[str]:
    """The addresses of the lists of one app's models."""
    from django.contrib import admin

    return sorted({f"/admin/{model._meta.app_label}/" for model in admin.site._registry})


def _routes(patterns: Any, before: str) -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route, pattern
        else:
            yield from _routes(pattern.url_patterns, route)


def address_of(route: str, values: dict[str, str]) -> str:
    """The route with something that exists in each of its places."""

    def fill(found: re.Match[str]) -> str:
        name = found[1]
        own = next(
            (value for start, value in values.items() if "/" in start and route.startswith(start)), "1"
        )
        is_own = name == "object_id" or (name == "id" and route.startswith("admin/auth/"))
        return own if is_own else values[name]

    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", fill, route.replace("(?P<url>.*)$", "<url>"))
