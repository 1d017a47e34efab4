"""The back office's pages on the read side."""

from projections.admin.drift import DriftAdmin
from projections.admin.fares import FareAdmin
from projections.admin.projections import ProjectionAdmin
from projections.admin.rebuilds import RebuildAdmin
from projections.admin.repairs import RepairAdmin

__all__ = ["DriftAdmin", "FareAdmin", "ProjectionAdmin", "RebuildAdmin", "RepairAdmin"]
