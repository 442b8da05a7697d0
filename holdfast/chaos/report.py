"""What a run says of itself, for people and for machines."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Self

from holdfast.chaos.history import Fault, SelfEnded

EXAMPLES_MAX = 5


@dataclass(frozen=True)
class Finding:
    """A broken rule, how often, and a few examples to look at."""

    rule: str
    count: int
    examples: tuple[str, ...]

    @classmethod
    def of(cls, rule: str, found: Iterable[str]) -> Self | None:
        every = sorted(found)
        return cls(rule, len(every), tuple(every[:EXAMPLES_MAX])) if every else None


@dataclass(frozen=True)
class Report:
    """Counts of a run and what was wrong with it."""

    seed: int
    messages: int
    facts: int
    usage_records: int
    alerts: int
    episodes: int
    entries: int
    events: int
    repeats: int
    letters: int
    samples: int
    asked: int
    faults: tuple[Fault, ...]
    self_ended: tuple[SelfEnded, ...]
    ledger_hash: str
    findings: tuple[Finding, ...]

    @property
    def clean(self) -> bool:
        return not self.findings

    @property
    def broken_rules(self) -> frozenset[str]:
        return frozenset(finding.rule for finding in self.findings)

    def as_json(self) -> str:
        return json.dumps({"clean": self.clean, **asdict(self)}, indent=2)

    def as_text(self) -> str:
        lines = [
            f"seed {self.seed}: {self.messages} messages, {len(self.faults)} faults",
            f"  {self.facts} facts in, {self.entries} entries, {self.letters} dead letters",
            f"  {self.usage_records} usage records, {self.alerts} alerts, {self.episodes} episodes",
            f"  {self.events} events out, {self.repeats} of them repeats under the same id",
            f"  {self.asked} effects asked for in {self.samples} snapshots during the run",
            f"  ledger {self.ledger_hash}",
        ]
        lines += [
            f"  at {fault.second:6.1f} s {fault.kind:<22} effects moved again after "
            f"{fault.recovered_after:.1f} s {fault.detail}".rstrip()
            for fault in self.faults
        ]
        lines += [
            f"  worker {end.worker} ended by itself with {end.code}: {end.reason}"
            for end in self.self_ended
        ]
        for finding in self.findings:
            lines.append(f"  {finding.rule}: {finding.count}")
            lines += [f"      {example}" for example in finding.examples]
        lines.append("clean" if self.clean else "NOT CLEAN")
        return "\n".join(lines)
