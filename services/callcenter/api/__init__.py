"""callcenter over HTTP: a manager's tasks, a customer from every side, the vault."""

from services.callcenter.api import customers, persons, tasks
from services.callcenter.api.routes import router

__all__ = ["customers", "persons", "router", "tasks"]
