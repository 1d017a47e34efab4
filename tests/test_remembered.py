"""What is asked often is looked up seldom, and what hangs holds one caller."""

from __future__ import annotations

from itertools import count
from threading import Event, Thread

import pytest

from farehistory.remembered import Remembered


def test_an_answer_is_given_again_for_a_moment() -> None:
    numbers = count()
    ask = Remembered(lambda: next(numbers), 3600)
    assert [ask(), ask()] == [0, 0]
    ask.forget()
    assert ask() == 1


def test_afterwards_it_is_asked_anew() -> None:
    numbers = count()
    ask = Remembered(lambda: next(numbers), 0)
    assert [ask(), ask()] == [0, 1]


def test_while_one_caller_waits_the_others_get_the_last_answer() -> None:
    answers, asked, let_go = iter(["first", "second"]), Event(), Event()

    def look() -> str:
        asked.set()
        let_go.wait(10)
        return next(answers)

    let_go.set()
    ask = Remembered(look, 0)
    assert ask() == "first"
    let_go.clear()
    asked.clear()
    waits = Thread(target=ask)
    waits.start()
    assert asked.wait(10)
    assert ask() == "first"
    let_go.set()
    waits.join(10)


def test_a_failure_is_not_kept() -> None:
    answers = iter([ZeroDivisionError, "well"])

    def look() -> object:
        answer = next(answers)
        if isinstance(answer, type):
            raise answer
        return answer

    ask = Remembered(look, 3600)
    with pytest.raises(ZeroDivisionError):
        ask()
    assert ask() == "well"
