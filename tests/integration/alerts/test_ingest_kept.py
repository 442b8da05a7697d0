"""What is remembered of uploads: a month, by `holdfast maintain`, and no batch half told."""

from datetime import UTC, datetime, timedelta

from alerts_parts import Alerts

from holdfast.maintenance import BATCH_DAYS, maintain_at

_BATCH = """
    INSERT INTO ingest_batch (source, batch_id, digest, begun_at, accepted, parked, plan)
    VALUES ('kept', $1, '', $2, 1, 0, $3)
"""


async def test_uploads_are_forgotten_after_a_month_unless_half_told(alerts: Alerts) -> None:
    old = datetime.now(UTC) - timedelta(days=BATCH_DAYS + 2)
    young = old + timedelta(days=3)
    await alerts.rows("INSERT INTO source VALUES ('kept', now(), 'test')")
    for batch, begun, plan in (("old", old, None), ("young", young, None), ("half", old, b"p")):
        await alerts.rows(_BATCH, batch, begun, plan)

    done = await maintain_at(alerts.urls["migrate"], "alerts", dry=False)

    assert [(d.table, d.rows) for d in done if d.table == "ingest_batch"] == [("ingest_batch", 1)]
    left = await alerts.rows("SELECT batch_id FROM ingest_batch ORDER BY 1")
    assert left == [("half",), ("young",)]
