"""Reminders on real rows: planned once, spread, proposed, declined once, never a third time."""

from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from ledger_parts import Ledger, a_bill, a_profile, opening_lots
from reminder_parts import (
    FIRST,
    T30,
    an_answer,
    declined,
    granted,
    many_lots,
    members,
    poll,
    recorded,
    remind,
    states,
    the_proposal,
    told,
)
from sqlalchemy import text

from services.points.domain.programme import day_begins
from services.points.handlers.on_contact_replaced import on_contact_replaced
from services.points.handlers.plan_reminders import CHUNK_LOTS, plan_reminders
from services.points.handlers.propose_reminders import propose_reminders
from shared.database import unit_of_work
from shared.events.callcenter import ContactReplaced
from shared.events.customers import Tier

pt_17 = pytest.mark.requirement("PT-17")


@pt_17
async def test_an_offset_is_planned_once_and_proposed_on_its_day(fresh_ledger: Ledger) -> None:
    await members(fresh_ledger, 1, 60)
    await remind(fresh_ledger, FIRST - timedelta(seconds=1))
    assert await states(fresh_ledger) == {}
    await remind(fresh_ledger, FIRST)
    assert await states(fresh_ledger) == {"proposed": 2, "planned": 58}
    await remind(fresh_ledger, FIRST + timedelta(days=1))
    assert await states(fresh_ledger) == {"proposed": 4, "planned": 56}
    await remind(fresh_ledger, day_begins(T30) - timedelta(seconds=1))
    assert await states(fresh_ledger) == {"proposed": 60}
    days = await fresh_ledger.rows("SELECT due_on, count(*) FROM reminder GROUP BY 1")
    assert {row["count"] for row in days} == {2}
    assert len(await told(fresh_ledger, "points.contact_proposed.v1")) == 60


@pt_17
async def test_a_proposal_says_what_the_gate_decides_by(fresh_ledger: Ledger) -> None:
    await members(fresh_ledger, 7, 1, tier=Tier.GOLD)
    await remind(fresh_ledger, FIRST)
    [proposed] = await told(fresh_ledger, "points.contact_proposed.v1")
    assert (proposed["priority"], proposed["attempt"], proposed["tier"]) == (28, 1, "gold")
    assert proposed["reason"] == "clearing_reminder"
    assert proposed["about"] == "reminder/7/standard/2025/60"
    assert datetime.fromisoformat(proposed["at"]) == FIRST
    assert datetime.fromisoformat(proposed["valid_until"]) == day_begins(T30)
    assert UUID(proposed["proposal_id"])


@pt_17
async def test_whoever_is_not_worth_a_call_is_counted_and_not_called(fresh_ledger: Ledger) -> None:
    await members(fresh_ledger, 1, 3, tier=Tier.GUEST, points=9_000)
    await members(fresh_ledger, 11, 2, points=2_999)
    await fresh_ledger.profile(a_profile(21))
    await fresh_ledger.openings([opening_lots(21, granted=5_000, spent=5_000)])
    await remind(fresh_ledger, FIRST)
    assert await states(fresh_ledger) == {"no_channel": 5}
    assert await told(fresh_ledger, "points.contact_proposed.v1") == []


@pt_17
async def test_no_day_gets_more_than_its_places(fresh_ledger: Ledger) -> None:
    async with fresh_ledger.connected() as owner:
        await owner.execute(
            """UPDATE programme SET parameters = parameters || '{"reminders_per_day_max": 2}'"""
        )
    await members(fresh_ledger, 1, 70)
    await poll(fresh_ledger, plan_reminders, FIRST)
    assert await states(fresh_ledger) == {"planned": 60, "no_capacity": 10}
    days = await fresh_ledger.rows("SELECT count(due_on) FROM reminder GROUP BY due_on")
    assert sorted(row["count"] for row in days) == [0] + [2] * 30


async def test_two_workers_never_plan_at_the_same_moment(fresh_ledger: Ledger) -> None:
    """Each would give away the places that the other has not committed yet."""
    await many_lots(fresh_ledger, CHUNK_LOTS + 1)
    async with (
        unit_of_work(fresh_ledger.worker) as first,
        unit_of_work(fresh_ledger.worker) as second,
    ):
        assert await plan_reminders(FIRST, first) == CHUNK_LOTS
        assert await plan_reminders(FIRST, second) == 0
    assert await poll(fresh_ledger, plan_reminders, FIRST) == 1


@pt_17
async def test_the_next_offset_reminds_again_and_tells_what_changed(fresh_ledger: Ledger) -> None:
    await members(fresh_ledger, 7, 1)
    await remind(fresh_ledger, FIRST)
    await fresh_ledger.bills([a_bill(7, month="2025-11", amount_fen=50_000)])
    await remind(fresh_ledger, day_begins(T30))
    await remind(fresh_ledger, day_begins(date(2026, 4, 23)))
    rows = await fresh_ledger.rows("SELECT days, amount, state FROM reminder ORDER BY days DESC")
    assert [tuple(row) for row in rows] == [
        (60, 4_000, "proposed"),
        (30, 4_500, "proposed"),
        (7, 4_500, "proposed"),
    ]
    at_risk = await told(fresh_ledger, "points.at_risk_changed.v1")
    assert [(fact["points"], fact["clears_on"]) for fact in at_risk] == [
        (4_000, "2026-04-30"),
        (4_500, "2026-04-30"),
    ]
    assert at_risk[0]["ce_sequence"] < at_risk[1]["ce_sequence"]
    assert (
        await fresh_ledger.rows("SELECT FROM lot WHERE cohort = 2025 AND reminds_on IS NOT NULL")
        == []
    )


async def test_a_lot_that_comes_late_is_reminded_of_the_offset_that_is_open(
    fresh_ledger: Ledger,
) -> None:
    await members(fresh_ledger, 7, 1)
    await remind(fresh_ledger, day_begins(T30) + timedelta(hours=9))
    rows = await fresh_ledger.rows("SELECT days, state, due_on FROM reminder")
    assert [tuple(row) for row in rows] == [(30, "proposed", T30)]


async def test_a_lot_without_a_profile_is_looked_at_the_day_after(fresh_ledger: Ledger) -> None:
    await fresh_ledger.openings([opening_lots(7, granted=4_000, spent=0)])
    await remind(fresh_ledger, FIRST)
    assert await states(fresh_ledger) == {}
    await fresh_ledger.profile(a_profile(7))
    await remind(fresh_ledger, FIRST)
    assert await states(fresh_ledger) == {}
    await remind(fresh_ledger, FIRST + timedelta(days=1))
    assert await states(fresh_ledger) == {"proposed": 1}


async def test_points_spent_before_their_day_need_no_call(fresh_ledger: Ledger) -> None:
    await members(fresh_ledger, 1, 2)
    await poll(fresh_ledger, plan_reminders, FIRST)
    async with fresh_ledger.connected("superuser") as root:
        await root.execute("UPDATE lot SET spent = granted - 500 WHERE customer_id = 1")
        await root.execute("UPDATE lot SET spent = granted WHERE customer_id = 2")
    await remind(fresh_ledger, FIRST + timedelta(days=2))
    assert await states(fresh_ledger) == {"no_channel": 1, "nothing_left": 1}


@pt_17
async def test_a_declined_reminder_comes_once_more_then_and_never_a_third_time(
    fresh_ledger: Ledger,
) -> None:
    customer, proposal_id = await the_proposal(fresh_ledger)
    again_at = FIRST + timedelta(days=5)
    await declined(fresh_ledger, customer, proposal_id, again_at)
    assert await states(fresh_ledger) == {"waiting": 1}
    await remind(fresh_ledger, again_at - timedelta(seconds=1))
    assert await states(fresh_ledger) == {"waiting": 1}
    await remind(fresh_ledger, again_at)
    _, second = await told(fresh_ledger, "points.contact_proposed.v1")
    assert (second["attempt"], second["proposal_id"]) == (2, proposal_id)
    assert datetime.fromisoformat(second["at"]) == again_at
    await declined(fresh_ledger, customer, proposal_id, again_at + timedelta(days=5))
    await remind(fresh_ledger, again_at + timedelta(days=6))
    assert await states(fresh_ledger) == {"declined": 1}
    assert len(await told(fresh_ledger, "points.contact_proposed.v1")) == 2


async def test_a_final_refusal_ends_a_reminder_with_its_reason(fresh_ledger: Ledger) -> None:
    customer, proposal_id = await the_proposal(fresh_ledger)
    await declined(fresh_ledger, customer, proposal_id, None)
    rows = await fresh_ledger.rows("SELECT state, because, due_at FROM reminder")
    assert [tuple(row) for row in rows] == [("declined", "cap", None)]


async def test_a_granted_reminder_ends_when_the_customer_is_reached(fresh_ledger: Ledger) -> None:
    customer, proposal_id = await the_proposal(fresh_ledger)
    grant = await granted(fresh_ledger, customer, proposal_id)
    await recorded(fresh_ledger, customer, grant, reached=False)
    assert await states(fresh_ledger) == {"granted": 1}
    await recorded(fresh_ledger, customer, grant, reached=True)
    assert await states(fresh_ledger) == {"reached": 1}


async def test_a_stronger_proposal_takes_the_contact(fresh_ledger: Ledger) -> None:
    customer, proposal_id = await the_proposal(fresh_ledger)
    grant = await granted(fresh_ledger, customer, proposal_id)
    async with unit_of_work(fresh_ledger.worker) as uow:
        fact = ContactReplaced(**an_answer(customer), grant_id=grant, by="counter")
        await on_contact_replaced(fact, uow)
    assert await states(fresh_ledger) == {"replaced": 1}


async def test_answers_to_others_proposals_change_nothing(fresh_ledger: Ledger) -> None:
    customer, _ = await the_proposal(fresh_ledger)
    await declined(fresh_ledger, customer, str(uuid4()), None)
    await granted(fresh_ledger, customer, str(uuid4()))
    await recorded(fresh_ledger, customer, uuid4(), reached=True)
    assert await states(fresh_ledger) == {"proposed": 1}


async def test_fifty_thousand_lots_cost_a_poll_nothing_before_their_day(
    fresh_ledger: Ledger,
) -> None:
    await many_lots(fresh_ledger, 50_000)
    async with unit_of_work(fresh_ledger.worker) as uow:
        assert await plan_reminders(FIRST - timedelta(days=1), uow) == 0
        assert await plan_reminders(FIRST, uow) == CHUNK_LOTS
        assert await propose_reminders(FIRST, uow) == 0
        assert await uow.connection.scalar(_SCANS) == 0


_SCANS = text("""
    SELECT sum(seq_scan)::int FROM pg_stat_xact_user_tables
    WHERE relname IN ('lot', 'customer', 'reminder')
""")
