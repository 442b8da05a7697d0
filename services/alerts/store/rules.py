"""Rules and their activations, as shipped; what is live is said by the log."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.alerts.engine.rules import Activation

_LIVE = text("""
    SELECT rule, version, cool_down_days, parameters FROM activation
    WHERE state = 'live' ORDER BY rule, version
""")

_RULES = text("""
    SELECT r.code, r.severity, r.reason, r.title_en, r.title_zh, a.version, a.state,
           a.cool_down_days, a.parameters
    FROM rule r JOIN activation a ON a.rule = r.code ORDER BY r.code, a.version
""")


@dataclass(frozen=True)
class RuleVersion:
    code: str
    severity: str
    reason: str
    title_en: str
    title_zh: str
    version: int
    state: str
    cool_down_days: int
    parameters: dict[str, Any]


async def live(connection: AsyncConnection) -> list[Activation]:
    rows = await connection.execute(_LIVE)
    return [Activation.model_validate(dict(row)) for row in rows.mappings()]


async def all_versions(connection: AsyncConnection) -> list[RuleVersion]:
    rows = await connection.execute(_RULES)
    return [RuleVersion(**row) for row in rows.mappings()]
