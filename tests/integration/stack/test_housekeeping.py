"""What the local stack does by itself once a day, and what `up` has done before anybody writes."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from stack_parts import RESTART_SECONDS, Stack

from holdfast.stack import parts
from holdfast.stack.housekeeping import Housekeeping
from holdfast.stack.process import wait_until
from holdfast.stack.state import SERVICES


async def _inbox_days(stack: Stack) -> set[str]:
    connection = await asyncpg.connect(parts.superuser_url(stack.state))
    try:
        found = await connection.fetch(
            "SELECT i.inhparent::regclass::text || '/' || right(i.inhrelid::regclass::text, 8) "
            "FROM pg_inherits i WHERE i.inhparent::regclass::text LIKE '%.inbox'"
        )
        return {name for (name,) in found}
    finally:
        await connection.close()


def test_up_makes_the_days_of_business_time(stack: Stack) -> None:
    """Also yesterday, which a migration does not make: facts are dated in more than one zone."""
    today = datetime.now(UTC).date()
    days = [f"{today + timedelta(days=n):%Y%m%d}" for n in (-1, 7)]

    # Another test of this stack makes the schema of points anew.
    services = set(SERVICES) - {"points"}
    wanted = {f"{service}.inbox/{day}" for service in services for day in days}
    assert wanted <= asyncio.run(_inbox_days(stack))


def test_when_a_day_has_passed_the_stack_maintains_itself(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeping = Housekeeping(stack.state)
    log = stack.home / "logs" / "maintain.log"
    keeping.look()
    assert not log.exists()
    monkeypatch.setattr(keeping, "_due", 0)
    keeping.look()

    def done() -> bool:
        keeping.look()
        return log.exists() and log.read_text().startswith(("nothing to do", "schema"))

    assert wait_until(done, RESTART_SECONDS), log.read_text()
    keeping.stop()
