"""How a person is shown, and who comes before whom."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.callcenter.domain.persons import masked_name, masked_number
from services.callcenter.domain.priority import MANUAL, with_tier
from services.callcenter.domain.task import COUNTER_ALONE, OWNER_ALONE, Kind, NewTask, Queue
from shared.events.customers import Tier

NOW = datetime(2026, 2, 27, 2, tzinfo=UTC)


@pytest.mark.requirement("CC-30")
@pytest.mark.parametrize(
    ("number", "shown"),
    [("13812348000", "138****8000"), ("10086", "****0086"), ("+8613812348000", "+86****8000")],
)
def test_a_number_is_shown_by_its_ends(number: str, shown: str) -> None:
    assert masked_number(number) == shown


@pytest.mark.requirement("CC-30")
@pytest.mark.parametrize(
    ("name", "shown"), [("王", "*"), ("王伟", "王*"), ("张晓明", "张*明"), ("欧阳晓明", "欧**明")]
)
def test_a_name_is_shown_by_its_family(name: str, shown: str) -> None:
    assert masked_name(name) == shown


@pytest.mark.parametrize(
    ("tier", "priority"),
    [("diamond", 63), ("gold", 63), ("silver", 60), ("guest", 57), ("none", 55)],
)
def test_a_tier_adds_its_part(tier: str, priority: int) -> None:
    assert with_tier(MANUAL, Tier(tier)) == priority


def a_task(kind: Kind, owner: str | None) -> NewTask:
    return NewTask(
        task_id=UUID(int=1),
        customer_id=1,
        county="990101",
        kind=kind,
        cause_id="c",
        cause_type="t",
        reason="r",
        about="a",
        priority=60,
        tier=Tier.GOLD,
        owner=owner,
        not_before=NOW,
        valid_until=NOW + timedelta(days=1),
        opened_at=NOW,
    )


@pytest.mark.requirement("CC-05")
@pytest.mark.parametrize(
    ("kind", "owner", "group_at", "alone"),
    [
        (Kind.CONTACT, "manager-01", NOW + OWNER_ALONE, None),
        (Kind.CONTACT, None, NOW, None),
        (Kind.COUNTER, "manager-01", NOW, COUNTER_ALONE),
        (Kind.COUNTER, None, NOW, None),
    ],
)
def test_the_owner_is_asked_first_and_a_group_without_owner_at_once(
    kind: Kind, owner: str | None, group_at: datetime, alone: timedelta | None
) -> None:
    task = a_task(kind, owner)

    assert (task.group_at, task.owner_alone) == (group_at, alone)


def test_a_counter_stands_before_every_queue() -> None:
    assert a_task(Kind.COUNTER, None).queue < Queue.CALL_BACK < a_task(Kind.CONTACT, None).queue
