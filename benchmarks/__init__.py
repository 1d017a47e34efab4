"""How fast the platform is, as ratios measured side by side. docs/benchmarks.md says how to run and read them.

Django is set up here, for servers that are made for one run and thrown away after it: the scripts import models.
"""

from __future__ import annotations

import atexit
import os
import tempfile
from pathlib import Path

import django

from farehistory.embedded.state import State

for name in ("DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL", "CACHE_URL", "BROKER_URL"):
    os.environ.pop(name, None)
_PREFIX = "farehistory-benchmark-"
_made = not Path(os.environ.get("FAREHISTORY_STATE", "")).name.startswith(
    _PREFIX
)  # else by who started this process
if _made:
    os.environ["FAREHISTORY_STATE"] = tempfile.mkdtemp(prefix=_PREFIX)
os.environ["DJANGO_SETTINGS_MODULE"] = "farehistory.settings"
os.environ.setdefault("LOG_LEVEL", "WARNING")
_made_by = os.getpid()


@atexit.register
def _remove_the_state_folder() -> None:
    if _made and os.getpid() == _made_by:  # not in a client that was forked
        State.from_environment().remove()


django.setup()
