"""Running PostgreSQL, which refuses to be root, where we are root."""

from __future__ import annotations

import functools
import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from farehistory.embedded.state import EmbeddedError

NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Disguise:
    """The front of a command line under which a program is not root, and the user who must own its files."""

    prefix: tuple[str, ...]
    owner: int

    def works_for(self, program: Path) -> bool:
        """Whether the program can be run under this front at all."""
        try:
            run = subprocess.run([*self.prefix, str(program), "--version"], capture_output=True)
        except FileNotFoundError:
            return False
        return run.returncode == 0


def nobody_in_a_namespace() -> Disguise:
    """A user namespace in which root is called nobody: files stay root's, 0700 folders stay open."""
    user = pwd.getpwnam(NOBODY)
    return Disguise(
        ("unshare", "-U", f"--map-user={user.pw_uid}", f"--map-group={user.pw_gid}"), os.geteuid()
    )


def nobody_with_file_access() -> Disguise:
    """The real nobody, with root's right to enter any folder: for containers that forbid namespaces."""
    user = pwd.getpwnam(NOBODY)
    return Disguise(
        (
            "setpriv",
            f"--reuid={user.pw_uid}",
            f"--regid={user.pw_gid}",
            "--clear-groups",
            "--inh-caps=+dac_override",
            "--ambient-caps=+dac_override",
            "--pdeathsig=INT",  # a change of user clears the one that was set before
        ),
        user.pw_uid,
    )


@functools.cache
def disguise_for(program: Path) -> Disguise:
    """How to run the program: as we are, unless we are root. Raises EmbeddedError if no way works."""
    if os.geteuid() != 0:
        return Disguise((), os.geteuid())
    return first_that_works([nobody_in_a_namespace(), nobody_with_file_access()], program)


def first_that_works(disguises: Sequence[Disguise], program: Path) -> Disguise:
    """The first disguise under which the program runs. Raises EmbeddedError if none does."""
    for disguise in disguises:
        if disguise.works_for(program):
            return disguise
    raise EmbeddedError(
        f"PostgreSQL does not run as root, and neither unshare nor setpriv can run {program} as {NOBODY} "
        "here. Run as an ordinary user, or set DATABASE_URL, MIGRATION_DATABASE_URL and REDIS_URL to use "
        "other servers."
    )


def give(folder: Path, owner: int) -> None:
    """Make a user the owner of a folder and all that is in it, unless it is already."""
    if folder.stat().st_uid == owner:
        return
    for path in [*folder.rglob("*"), folder]:
        os.chown(path, owner, -1, follow_symlinks=False)
