"""ticketing over HTTP: the queue, an order and what may be done to it (TK-01 to TK-22)."""

from services.ticketing.api import acts, deliveries, reading
from services.ticketing.api.routes import router

__all__ = ["acts", "deliveries", "reading", "router"]
