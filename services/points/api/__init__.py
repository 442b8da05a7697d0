"""points over HTTP: balance, statement, redemption and its reversal, figures (PT-18)."""

from services.points.api import balances, figures, redemptions
from services.points.api.routes import router

__all__ = ["balances", "figures", "redemptions", "router"]
