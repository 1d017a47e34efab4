"""What an operator reads on a projection which the admin has no words for."""

from __future__ import annotations

from types import ModuleType

import pytest

from projections.admin.what_they_are import what_it_is
from projections.projector import Page, Projector
from tests.projections.rebuild.views import running_too


class Plain(Projector):
    name = "plain"

    def apply(self, page: Page) -> None: ...


class Documented(Plain):
    """The tip of every booking, wherever
    it was given. A second sentence.

    More on it.
    """


def test_its_own_docstring_is_told_by_its_first_sentence() -> None:
    with running_too(Documented()):
        assert what_it_is("plain") == "The tip of every booking, wherever it was given."


def test_without_one_its_modules_is_told_never_an_inherited_one() -> None:
    with running_too(Plain()):
        assert (
            what_it_is("plain") == "What an operator reads on a projection which the admin has no words for."
        )


def test_without_any_a_plain_sentence_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspect.getmodule", lambda kind: ModuleType("without_words"))
    with running_too(Plain()):
        assert what_it_is("plain") == "A projection of this installation, which says no more of itself."
