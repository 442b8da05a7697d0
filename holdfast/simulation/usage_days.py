"""Call records of one day as columns: ordinary life, and what the plan makes of it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time

import numpy as np

from holdfast.simulation.plan import Cause, Plan
from holdfast.simulation.population import Ints, Population
from shared.working_calendar import ZONE

KINDS = ("voice", "sms", "data")
DIRECTIONS = ("out", "in", "forwarded")
VOICE, SMS, DATA = range(3)
OUT, IN, FORWARDED = range(3)

AWAKE_FROM = time(6)
AWAKE_SECONDS = 18 * 3_600
KIND_SHARES = (0.55, 0.15, 0.30)
VOICE_DIRECTION_SHARES = (0.50, 0.47, 0.03)
VOICE_SECONDS_MEDIAN = 75
FORWARDED_SECONDS = (10, 60)  # ordinary: never near half an hour in a week
FEN_PER_MINUTE = 20
KILOBYTES = (50, 40_000)
AT_HOME_SHARE = 0.93

SECOND = 1_000_000
MINUTE = 60 * SECOND
NEAR_SILENCE = 60 * 60 * MINUTE
# Four long forwarded calls within the hour: far over 40 % and 30 minutes (AL-02).
FORWARDED_AT = (0, 20, 45, 70)
FORWARDED_CALL_SECONDS = (900, 1_500)
QUIET_CALL_SECONDS = 60  # incoming calls of those who forward: few and short
# First a long incoming call, then two forwarded: at no moment more than 35 % (near AL-02).
NEAR_AT = (0, 80, 110)
NEAR_SECONDS = (4_012, 1_080, 1_080)
NEAR_DIRECTIONS = (IN, FORWARDED, FORWARDED)


@dataclass(frozen=True)
class Usage:
    """Records in order of time; `at` in microseconds, numbers plain, 0 for none."""

    row: Ints
    at: Ints
    kind: Ints
    direction: Ints
    seconds: Ints
    kilobytes: Ints
    fen: Ints
    peer: Ints
    forwarded_to: Ints
    at_home: Ints

    def __len__(self) -> int:
        return len(self.row)

    def take(self, places: Ints | slice) -> "Usage":
        return Usage(**{f.name: getattr(self, f.name)[places] for f in fields(self)})


def usage_of(population: Population, plan: Plan, day: date) -> Usage:
    """All records that begin on `day`; the same for the same seed, whenever it is asked."""
    generator = np.random.default_rng([plan.seed, population.size, 2, day.toordinal()])
    ordinary = _ordinary(generator, population, day)
    kept = ordinary.take(np.flatnonzero(_is_heard(ordinary, plan)))
    _keep_quiet(kept, plan)
    added = [
        *(_calls(generator, population, plan, day, near=near) for near in (False, True)),
        _returns(generator, population, plan, day),
    ]
    whole = _joined([kept, *added])
    return whole.take(np.argsort(whole.at, kind="stable"))


def _ordinary(generator: np.random.Generator, population: Population, day: date) -> Usage:
    """So many a customer, one in each equal part of the day, so that nobody is silent by chance."""
    row = np.repeat(np.arange(population.size), population.records_per_day)
    count = len(row)
    parts = population.records_per_day[row]
    first = np.concatenate(([0], np.cumsum(population.records_per_day)[:-1]))
    part = np.arange(count) - first[row]
    second = (part + generator.random(count)) * AWAKE_SECONDS / parts
    kind = generator.choice(3, count, p=KIND_SHARES)
    voice = kind == VOICE
    direction = np.where(voice, generator.choice(3, count, p=VOICE_DIRECTION_SHARES), OUT)
    talk = np.exp(np.log(VOICE_SECONDS_MEDIAN) + 0.8 * generator.standard_normal(count))
    seconds = np.where(voice, np.clip(talk, 5, 1_800), 0).astype(np.int64)
    forwarded = direction == FORWARDED
    seconds[forwarded] = generator.integers(*FORWARDED_SECONDS, int(forwarded.sum()))
    return Usage(
        row=row,
        at=_start_of(day) + (second * SECOND).astype(np.int64),
        kind=kind,
        direction=direction,
        seconds=seconds,
        kilobytes=np.where(kind == DATA, generator.integers(*KILOBYTES, count), 0),
        fen=np.where(voice & (direction == OUT), -(-seconds // 60) * FEN_PER_MINUTE, 10),
        peer=np.where(kind == DATA, 0, _somebody(generator, population, count)),
        forwarded_to=np.where(forwarded, _somebody(generator, population, count), 0),
        at_home=(generator.random(count) < AT_HOME_SHARE).astype(np.int64),
    )


def _start_of(day: date) -> int:
    return int(datetime.combine(day, AWAKE_FROM, ZONE).timestamp()) * SECOND


def _somebody(generator: np.random.Generator, population: Population, count: int) -> Ints:
    return population.number[generator.integers(0, population.size, count)]


def _is_heard(usage: Usage, plan: Plan) -> Ints:
    """Where no silence swallows the record."""
    never = np.iinfo(np.int64).max
    begins = np.full(int(usage.row.max()) + 1, never)
    ends = np.full_like(begins, never)
    begins[plan.rows(Cause.SILENCE)] = plan.moments(Cause.SILENCE)
    near = plan.rows(Cause.NEAR_SILENCE)
    begins[near] = plan.moments(Cause.NEAR_SILENCE)
    ends[near] = begins[near] + NEAR_SILENCE
    heard = (usage.at <= begins[usage.row]) | (usage.at >= ends[usage.row])
    return heard.astype(np.int64)


def _keep_quiet(usage: Usage, plan: Plan) -> None:
    """Of those whose forwarding is planned, nothing else is forwarded and incoming calls are short.

    The columns belong to nobody else yet, so they are changed in place.
    """
    planned = np.concatenate([plan.rows(Cause.FORWARDING), plan.rows(Cause.NEAR_FORWARDING)])
    theirs = np.isin(usage.row, planned) & (usage.direction != OUT)
    usage.direction[theirs] = IN
    usage.forwarded_to[theirs] = 0
    usage.seconds[theirs] = np.minimum(usage.seconds[theirs], QUIET_CALL_SECONDS)


def _calls(
    generator: np.random.Generator, population: Population, plan: Plan, day: date, *, near: bool
) -> Usage:
    """The planned calls of those who forward on this day, or nearly do."""
    cause = Cause.NEAR_FORWARDING if near else Cause.FORWARDING
    todays = [p for p in plan.by_cause[cause] if p.at.astimezone(ZONE).date() == day]
    minutes = NEAR_AT if near else FORWARDED_AT
    calls, people = len(minutes), len(todays)
    count = calls * people
    begin = np.array([int(p.at.timestamp()) * SECOND for p in todays], np.int64)
    direction = np.tile(NEAR_DIRECTIONS if near else (FORWARDED,) * calls, people)
    seconds = (
        np.tile(NEAR_SECONDS, people)
        if near
        else generator.integers(*FORWARDED_CALL_SECONDS, count)
    )
    other = _somebody(generator, population, count)
    nothing = np.zeros(count, np.int64)
    return Usage(
        row=np.repeat(np.array([p.row for p in todays], np.int64), calls),
        at=np.repeat(begin, calls) + np.tile(np.array(minutes) * MINUTE, people),
        kind=nothing,
        direction=direction.astype(np.int64),
        seconds=seconds.astype(np.int64),
        kilobytes=nothing,
        fen=nothing,
        peer=_somebody(generator, population, count),
        forwarded_to=np.where(direction == FORWARDED, other, 0),
        at_home=nothing + 1,
    )


def _returns(
    generator: np.random.Generator, population: Population, plan: Plan, day: date
) -> Usage:
    """The short call that ends a silence in time."""
    begins = datetime.combine(day, time(0), ZONE).timestamp() * SECOND
    ends = plan.moments(Cause.NEAR_SILENCE) + NEAR_SILENCE
    todays = (ends >= begins) & (ends < begins + 24 * 60 * MINUTE)
    count = int(todays.sum())
    nothing = np.zeros(count, np.int64)
    return Usage(
        row=plan.rows(Cause.NEAR_SILENCE)[todays],
        at=ends[todays],
        kind=nothing,
        direction=nothing,
        seconds=nothing + QUIET_CALL_SECONDS,
        kilobytes=nothing,
        fen=nothing + FEN_PER_MINUTE,
        peer=_somebody(generator, population, count),
        forwarded_to=nothing,
        at_home=nothing + 1,
    )


def _joined(parts: Sequence[Usage]) -> Usage:
    return Usage(
        **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Usage)}
    )
