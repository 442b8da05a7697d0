"""Points of a customer clear soon: a reason to call, and something to say (PT-17)."""

from services.callcenter.store import follow
from shared.database import UnitOfWork
from shared.events.points import PointsAtRiskChanged


async def on_points_at_risk_changed(changed: PointsAtRiskChanged, uow: UnitOfWork) -> None:
    await follow.set_at_risk(uow.connection, changed)
