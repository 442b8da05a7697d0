"""What an operator delivers on cut-over day: profiles, numbers, a year of bills, points (§5)."""

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from holdfast.simulation.columns import Batch, by_partition, column, message_of
from holdfast.simulation.delivery import Outgoing
from holdfast.simulation.plan import Cause, Plan
from holdfast.simulation.population import (
    COHORT_CLEARING,
    COHORT_RUNNING,
    DAY_SECONDS,
    Ints,
    Population,
    Row,
)
from holdfast.simulation.window import BEGINS, CUT_OVER
from shared.events import envelope
from shared.events.billing import LotsOpened
from shared.events.catalogue import CUSTOMERS, IDENTITY
from shared.events.customers import Contract, CustomerProfile
from shared.events.event import CustomerEvent, effect_id
from shared.events.identity import IdentityAssigned
from shared.events.partition import partition_of_key
from shared.events.usage import UsageBaseline
from shared.number_hash import NumberHasher
from shared.tracing import Trace, trace_of

PROGRAMME = "standard"
PLANS = ("88", "128", "188", "288")
CONTRACT_KINDS = ("handset_for_bill", "3g_contract", "broadband")
QUIET_DAILY_SECONDS = 40  # of those who forward: what they forward shall outweigh it
ROWS = 1_000  # of an Arrow message
NUMBER_KNOWN_FROM = CUT_OVER - timedelta(days=120)


def profiles(population: Population, plan: Plan) -> Iterator[Outgoing]:
    """`customers.profile.v1`, a customer each, partition by partition.

    So sorted, readers find a thousand of one partition together and not thirty.
    """
    trace = _trace(population, "profiles")
    for partition, rows in by_partition(population, population.size):
        for row in rows.tolist():
            profile = _profile(population, plan, row, int(population.customer_id[row]))
            yield _single(CUSTOMERS.name, partition, profile, trace)


def _profile(population: Population, plan: Plan, row: Row, customer: int) -> CustomerProfile:
    joined = CUT_OVER - timedelta(days=int(population.joined_days[row]))
    return CustomerProfile(
        event_id=effect_id(f"opening/{population.seed}/{customer}", CustomerProfile.event_type),
        subject=f"customer/{customer}",
        sequence=1,
        at=CUT_OVER,
        customer_id=customer,
        county=population.county_of(row),
        tier=population.tier_of(row),
        plan=PLANS[customer % len(PLANS)],
        contracts=_contracts(row, customer, int(plan.contract_ends[row])),
        first_manager=population.manager_of(row),
        birthday_month=customer % 12 + 1,
        joined_on=joined.date(),
        status_at=joined,
        consent_at=joined,
    )


def _contracts(row: Row, customer: int, days: int) -> tuple[Contract, ...]:
    if not days:
        return ()
    kind = CONTRACT_KINDS[customer % len(CONTRACT_KINDS)]
    ends: date = BEGINS.date() + timedelta(days=days)
    return (Contract(contract_id=f"C{row:07d}", kind=kind, ends_on=ends),)


def identities(population: Population, hasher: NumberHasher) -> Iterator[Outgoing]:
    """`identity.assigned.v1`: whose number is whose, as keyed hashes."""
    trace = _trace(population, "identities")
    numbers = population.number.tolist()
    for row, customer in enumerate(population.customer_id.tolist()):
        assigned = IdentityAssigned(
            event_id=effect_id(f"opening/{population.seed}/{customer}", "identity"),
            subject=f"customer/{customer}",
            sequence=1,
            at=CUT_OVER,
            customer_id=customer,
            county=population.county_of(row),
            number_hash=hasher.hexadecimal(str(numbers[row])),
            key_id=hasher.key_id,
            valid_from=NUMBER_KNOWN_FROM,
        )
        partition = partition_of_key(assigned.key, IDENTITY.partitions)
        yield _single(IDENTITY.name, partition, assigned, trace)


def baselines(population: Population, plan: Plan) -> Iterator[Outgoing]:
    """`usage.baseline.v1`: twelve bills, four weeks of use, and when somebody was last seen."""
    last_seen = _last_seen(population, plan)
    daily = population.daily_seconds.copy()
    quiet = np.concatenate([plan.rows(Cause.FORWARDING), plan.rows(Cause.NEAR_FORWARDING)])
    daily[quiet] = QUIET_DAILY_SECONDS
    gaps = DAY_SECONDS // population.records_per_day
    for partition, rows in by_partition(population, ROWS):
        columns = {
            "bills_fen": _lists(population.bills_fen[rows], pa.int64()),
            "daily_seconds": _lists(daily[rows], pa.int32()),
            "mean_gap_seconds": pa.array(gaps[rows], pa.int32()),
            "last_seen": column(last_seen[rows]),
        }
        batch = Batch(UsageBaseline, partition, rows, CUT_OVER, columns)
        yield message_of(population, batch, "baseline")


def _last_seen(population: Population, plan: Plan) -> Ints:
    """Those whose silence has begun already were last seen at its beginning."""
    seen = population.last_seen.copy()
    for cause in (Cause.SILENCE, Cause.NEAR_SILENCE):
        rows = plan.rows(cause)
        begun = plan.moments(cause)
        seen[rows] = np.where(begun < int(CUT_OVER.timestamp() * 1e6), begun, seen[rows])
    return seen


def lots(population: Population) -> Iterator[Outgoing]:
    """`billing.lots_opened.v1`: the points year that clears next, and the running one."""
    clearing = (COHORT_CLEARING, population.clearing_granted, population.clearing_spent)
    running = (COHORT_RUNNING, population.running_granted, np.zeros(population.size, np.int64))
    for cohort, granted, spent in (clearing, running):
        for partition, rows in by_partition(population, ROWS):
            own = rows[granted[rows] > 0]
            if not len(own):
                continue
            columns = {
                "programme": pa.array([PROGRAMME] * len(own)),
                "cohort": pa.array([cohort] * len(own), pa.int32()),
                "granted": pa.array(granted[own]),
                "spent": pa.array(spent[own]),
            }
            batch = Batch(LotsOpened, partition, own, CUT_OVER, columns)
            yield message_of(population, batch, f"lots/{cohort}")


def vault_cards(population: Population) -> Iterator[dict[str, str]]:
    """What callcenter's vault alone may know: numbers and names."""
    numbers = population.number.tolist()
    for row, customer in enumerate(population.customer_id.tolist()):
        yield {
            "customer_id": str(customer),
            "county": population.county_of(row),
            "number": str(numbers[row]),
            "name": population.name[row],
        }


def _lists(values: Ints, kind: pa.DataType) -> pa.Array:
    return pa.array(values.tolist(), pa.list_(kind, values.shape[1]))


def _trace(population: Population, what: str) -> Trace:
    return trace_of(None, f"opening/{population.seed}/{what}")


def _single(topic: str, partition: int, event: CustomerEvent, trace: Trace) -> Outgoing:
    headers, value = envelope.encode(event, trace)
    return Outgoing(topic, event.key, partition, headers, value)
