"""Rebuilds as they are asked for, found again, cancelled and ended."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from events import feed
from projections import checkpoints, installation, projectors
from projections.models import Rebuild
from projections.projector import KEPT, LIVE, NEXT, Projector
from projections.rebuild.errors import CannotRebuild, RebuildUnderWay, UnknownRebuild, is_busy
from projections.rebuild.standing import mark, standings

State = Rebuild.State
logger = logging.getLogger(__name__)


def start(
    projection: str,
    *,
    partitions: Iterable[int] | None = None,
    dry_run: bool = False,
    accept: bool = False,
    requested_by: str = "",
    request_id: str = "",
) -> Rebuild:
    """Notes a rebuild, and makes its empty tables. Where one of the same parameters has not ended, that one is
    answered, to be run on; `accept` lets it go on if it waits for that.

    `partitions`: only these are compared and put right; None: all. Raises UnknownProjection, CannotRebuild,
    RebuildUnderWay.
    """
    projector = projectors.projector(projection)
    wanted = _checked(projector, partitions)
    for _ in range(2):
        current = unfinished(projection)
        if current is not None and current.cancel_requested_at is not None:
            end(current, State.CANCELLED)
        elif current is not None:
            return _taken_up(current, projector, wanted, dry_run=dry_run, accept=accept)
        try:
            return _begun(
                projector,
                partitions=wanted,
                dry_run=dry_run,
                accept=accept,
                requested_by=requested_by,
                request_id=request_id,
            )
        except IntegrityError:
            continue  # somebody else asked at the same moment, and was first
    raise RuntimeError(f"rebuilds of {projection} come and go: try again")


def get(rebuild_id: UUID | str) -> Rebuild:
    """The rebuild as it stands. Raises UnknownRebuild."""
    try:
        return Rebuild.objects.get(pk=rebuild_id)
    except (Rebuild.DoesNotExist, ValidationError):
        raise UnknownRebuild(f"there is no rebuild {rebuild_id}") from None


def unfinished(projection: str) -> Rebuild | None:
    """The rebuild of this projection that has not ended: there is at most one."""
    return Rebuild.objects.filter(projection=projection, state__in=Rebuild.UNFINISHED).first()


def cancel(rebuild_id: UUID | str, by: str) -> Rebuild:
    """Ends a rebuild without a trace in the live tables; one that has ended stays as it is.

    If its driver is in the middle of a step, it ends with that step. Raises UnknownRebuild.
    """
    rebuild = get(rebuild_id)
    asked = Rebuild.objects.filter(
        pk=rebuild.pk, state__in=Rebuild.UNFINISHED, cancel_requested_at=None
    ).update(cancel_requested_at=timezone.now())
    if asked:
        logger.info("rebuild %s of %s is cancelled by %s", rebuild.pk, rebuild.projection, by)
    try:
        end(rebuild, State.CANCELLED)
    except OperationalError as error:
        if not is_busy(error):
            raise
    return get(rebuild_id)


def move(rebuild: Rebuild, before: str, after: str) -> bool:
    """Compare and set: whether this very call moved it from one state to the next."""
    moved = Rebuild.objects.filter(pk=rebuild.pk, state=before).update(state=after)
    return bool(moved)


def taken(rebuild: Rebuild, *states: str) -> Rebuild | None:
    """The rebuild, locked until the transaction ends, if it is in one of these states."""
    return (
        Rebuild.objects.select_for_update(no_key=True)
        .filter(pk=rebuild.pk, state__in=states or Rebuild.UNFINISHED)
        .first()
    )


def end(rebuild: Rebuild, state: str, *, error: str | None = None) -> None:
    """Puts it into a last state and clears its tables away; nothing if it has ended already."""
    with transaction.atomic():
        current = taken(rebuild)
        if current is None:
            return
        clear_away(current.projection)
        current.state, current.finished_at = state, timezone.now()
        current.error = current.error if error is None else error
        current.save(update_fields=["state", "finished_at", "error"])


def clear_away(projection: str) -> None:
    """Removes a rebuild's tables and checkpoints. Those of a projection that is no more are left as they are."""
    forget_checkpoints(projection)
    for projector in projectors.PROJECTORS:
        if projector.name == projection:
            installation.drop_tables(projector, NEXT)


def forget_checkpoints(projection: str) -> None:
    """Removes a rebuild's checkpoints, those of its comparison, and what it set aside."""
    with connection.cursor() as cursor:
        cursor.execute(
            f'DELETE FROM "{NEXT}".checkpoint WHERE projection = ANY (%s)',  # noqa: S608 - a constant
            [[projection, mark(projection)]],
        )
        cursor.execute(f'DELETE FROM "{NEXT}".set_aside WHERE projection = %s', [projection])  # noqa: S608


def _checked(projector: Projector, partitions: Iterable[int] | None) -> list[int]:
    if not projector.tables:
        raise CannotRebuild(f"{projector.name} has no tables to rebuild: replay it from a position instead")
    known = sorted(feed.heads())
    wanted = known if partitions is None else sorted(set(partitions))
    if not wanted:
        raise CannotRebuild("no partition was named")
    if unknown := set(wanted) - set(known):
        raise CannotRebuild(f"there is no partition {min(unknown)}: they count from 0 to {known[-1]}")
    if wanted != known:
        _check_part(projector, wanted)
    return wanted


def _check_part(projector: Projector, wanted: list[int]) -> None:
    for partition, standing in standings(projector, wanted).items():
        if standing.version != projector.version:
            raise CannotRebuild(
                f"the tables of {projector.name} are of version {standing.version}, this process runs"
                f" {projector.version}: a new version is swapped in as a whole, so name no partitions"
            )
        if not standing.ours:
            raise CannotRebuild(
                f"partition {partition} of {projector.name} was computed from another ledger or epoch:"
                " rebuild all of it, so name no partitions"
            )


def _begun(projector: Projector, *, partitions: list[int], **wanted: object) -> Rebuild:
    checkpoints.ensure(projector, LIVE)
    heads = feed.heads()
    with transaction.atomic():
        rebuild = Rebuild.objects.create(
            projection=projector.name,
            version=projector.version,
            partitions=partitions,
            events=sum(heads[partition] for partition in partitions),
            **wanted,
        )
        clear_away(projector.name)
        installation.drop_tables(projector, KEPT)
        installation.make_tables(projector, NEXT)
        checkpoints.ensure(projector, NEXT)
    logger.info("rebuild %s of %s begins", rebuild.pk, projector.name)
    return rebuild


def _taken_up(
    current: Rebuild, projector: Projector, partitions: list[int], *, dry_run: bool, accept: bool
) -> Rebuild:
    if current.version != projector.version:
        raise RebuildUnderWay(current, f"version {current.version} of the projector")
    if current.dry_run != dry_run:
        raise RebuildUnderWay(current, "a swap at its end" if dry_run else "no swap at its end (a dry run)")
    if current.partitions != partitions:
        raise RebuildUnderWay(current, "other partitions")
    if accept:
        Rebuild.objects.filter(pk=current.pk).update(accept=True)
        move(current, State.WAITING, State.SWAPPING)
    return get(current.pk)
