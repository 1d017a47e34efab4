"""Keys in the admin. Nothing here changes one but `events.key_acts`, which commands use too.

A key's text is in one answer, to the POST that made it: not in the session, the address, the audit or a log. This is
why that answer is a page and not a redirect; its script puts the key's own address in the place of the form's, so that
to reload asks for the key and not for another one.
"""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from events import api_keys, key_acts
from events.admin.keys import rights
from events.admin.keys.key_form import CreateForm, RevokeForm, RotateForm
from events.admin.keys.key_line import KeyLine, lines_of
from events.admin.keys.list_page import ListPage
from events.admin.keys.urls import ADD, CHANGE, CHANGELIST, REVOKE, ROTATE, key_url
from events.admin.pages import OwnPages, typed
from events.api_keys import AlreadyMade, AlreadyRotated, NotInForce
from events.errors import Unavailable
from events.key_acts import By, NewKey
from events.key_states import in_force
from events.models import ApiKey

OTHERS: Final = 10
"""Other keys of the service that the page of a revocation names."""

_BAD: Final = 400
_CONFLICT: Final = 409
_UNAVAILABLE: Final = 503

_get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@admin.register(ApiKey)
class ApiKeyAdmin(OwnPages):
    """A list by service, a page for each key, and the forms that make, rotate and revoke one."""

    def get_urls(self) -> list[URLPattern]:
        """Only the pages that exist."""
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name=CHANGELIST),
            path("add/", view(self.add_view), name=ADD),
            path("<slug:key_id>/", view(self.key_view), name=CHANGE),
            path("<slug:key_id>/rotate/", view(self.rotate_view), name=ROTATE),
            path("<slug:key_id>/revoke/", view(self.revoke_view), name=REVOKE),
        ]

    @method_decorator(require_safe)
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Keys by service. `service`, `state`: which; `after`: the last key of the page before."""
        self.require(request, rights.VIEW)
        page = ListPage.of(request.GET)
        return self.page(request, "keys/list.html", _("Clients and keys"), page=page)

    @method_decorator(require_safe)
    def key_view(self, request: HttpRequest, key_id: str) -> HttpResponse:
        """One key: its rights and what became of it."""
        self.require(request, rights.VIEW)
        line = _line(key_id)
        return self._page_of(request, "keys/key.html", line, _("Key of %(service)s"))

    @method_decorator(_get_or_post)
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form of a new key; then its text, once. `source` fills in the service, `like` the rights of another."""
        self.require(request, rights.ADD)
        form, status, twin = _create_form(request), 200, None
        if form.is_bound:
            status = _BAD
            if form.is_valid():
                try:
                    return self._shown_once(request, _created(request, form))
                except AlreadyMade:
                    twin, status = api_keys.get(form.cleaned_data["key_id"]), _CONFLICT
                    form.renew()
                except Unavailable as error:
                    form.add_error(None, error.detail)
                    status = _UNAVAILABLE
        context = {"form": form, "twin": twin and _line(twin.key_id)}
        return self.page(request, "keys/create.html", _("New key"), status=status, **context)

    @method_decorator(_get_or_post)
    def rotate_view(self, request: HttpRequest, key_id: str) -> HttpResponse:
        """The form of a rotation; then the text of the new key, once."""
        self.require(request, rights.ADD)
        self.require(request, rights.CHANGE)
        line = _line(key_id)
        form, status = RotateForm(request.POST if request.method == "POST" else None, of=line.key), 200
        if form.is_bound:
            if not rights.may_get_key_of(request.user, line.key.user_id):
                raise PermissionDenied(rights.BIND)
            status = _BAD
            if form.is_valid():
                try:
                    until, expires = form.cleaned_data["until"], form.cleaned_data["expires"]
                    made = key_acts.rotate(_by(request), line.key, works_until=until, expires_at=expires)
                    return self._shown_once(request, made)
                except (AlreadyRotated, NotInForce):
                    line, status = _line(key_id), _CONFLICT  # the page says what it is now
                except Unavailable as error:
                    line = _line(key_id)  # as it is: what was done to it was taken back
                    form.add_error(None, error.detail)
                    status = _UNAVAILABLE
        return self._page_of(
            request, "keys/rotate.html", line, _("Rotate a key of %(service)s"), status=status, form=form
        )

    @method_decorator(_get_or_post)
    def revoke_view(self, request: HttpRequest, key_id: str) -> HttpResponse:
        """What stops working, and the button that ends it; then back to the key."""
        self.require(request, rights.CHANGE)
        line = _line(key_id)
        form, status = RevokeForm(request.POST if request.method == "POST" else None), 200
        if form.is_bound:
            status = _BAD
            if form.is_valid():
                try:
                    changed = key_acts.revoke(_by(request), line.key, reason=form.cleaned_data["reason"])
                    return _after_revoking(request, line.key, changed)
                except Unavailable as error:
                    line = _line(key_id)  # as it is: what was done to it was taken back
                    form.add_error(None, error.detail)
                    status = _UNAVAILABLE
        others = _others(line)
        return self._page_of(
            request,
            "keys/revoke.html",
            line,
            _("Revoke a key of %(service)s"),
            status=status,
            form=form,
            others=others[:OTHERS],
            more=max(0, len(others) - OTHERS),
        )

    def _shown_once(self, request: HttpRequest, made: NewKey) -> HttpResponse:
        line = _line(made.key.key_id)
        title = _("New key of %(service)s") % {"service": made.key.source}
        return self.page(request, "keys/shown_once.html", title, line=line, made=made)

    def _page_of(
        self,
        request: HttpRequest,
        template: str,
        line: KeyLine,
        title: str,
        status: int = 200,
        **context: Any,
    ) -> HttpResponse:
        may_get_it = rights.may_get_key_of(request.user, line.key.user_id)
        title = title % {"service": line.key.source}
        return self.page(request, template, title, status, line=line, may_get_it=may_get_it, **context)


def _line(key_id: str) -> KeyLine:
    """The key of an address. Raises Http404 where there is none."""
    keys = ApiKey.objects.select_related("successor", "replaces").filter(key_id=key_id)
    lines = lines_of(keys, timezone.now())
    if not lines:
        raise Http404("there is no key with this id")
    return lines[0]


def _by(request: HttpRequest) -> By:
    return By(user=request.user, request=request)


def _create_form(request: HttpRequest) -> CreateForm:
    person: Any = request.user
    if request.method == "POST":
        return CreateForm(request.POST, by=person)
    like = typed(request.GET, "like")
    key = ApiKey.objects.filter(key_id=like[:32]).first() if like else None
    if key is not None:
        return CreateForm.like(key, person)
    return CreateForm(None, by=person, initial={"source": typed(request.GET, "source")[:48]})


def _created(request: HttpRequest, form: CreateForm) -> NewKey:
    asked = form.cleaned_data
    return key_acts.create(
        _by(request),
        asked["source"],
        asked["scopes"],
        name=asked["name"],
        expires_at=form.expires,
        components=asked["components"],
        user_id=asked["person"],
        rate_limit=asked["rate_limit"],
        key_id=asked["key_id"],
    )


def _others(line: KeyLine) -> list[KeyLine]:
    """The other keys that let the same service in."""
    keys = ApiKey.objects.filter(in_force(line.now), source=line.key.source).exclude(pk=line.key.pk)
    return lines_of(keys.select_related("successor", "replaces").order_by("-pk")[: OTHERS * 10], line.now)


def _after_revoking(request: HttpRequest, key: ApiKey, changed: bool) -> HttpResponse:
    what = {"key": f"fh_{key.key_id}", "service": key.source}
    if changed:
        messages.success(request, _("%(key)s of %(service)s is revoked, and refused from now on.") % what)
    else:
        messages.info(request, _("%(key)s of %(service)s had been revoked before.") % what)
    return redirect(key_url(key))
