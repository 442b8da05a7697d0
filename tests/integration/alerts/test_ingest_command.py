"""`holdfast ingest`: a file goes in whole, once however often it is typed; what cannot, aside."""

import asyncio
import csv
import json
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from alerts_parts import Alerts, a_customer, a_number, assigned
from doorway_parts import PATIENCE_SECONDS
from fastapi import FastAPI
from ingest_api import LogReader, a_call, alerts_app
from openapi_fuzz import served
from typer.testing import CliRunner, Result

from holdfast.call_records import reading
from holdfast.chaos.parts import Parts
from holdfast.cli import build
from holdfast.stack.process import wait_until
from holdfast.tokens import Issuer, mint
from holdfast.web_process import mount
from services.alerts.handlers.on_identity_assigned import on_identity_assigned
from shared.database import create_engine, unit_of_work
from shared.identity import Caller, Role

MAPPING = Path(__file__).parents[3] / "docs" / "ingest-mapping.yaml"
OWNERS = {a_number(): a_customer() for _ in range(5)}
Typed = Callable[..., Result]


def _root(alerts: Alerts, issuer: Issuer, kafka: str) -> FastAPI:
    """The app where the command looks for it, below its service's name."""
    app = alerts_app(alerts, issuer, kafka)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        async with app.router.lifespan_context(app):
            yield

    root = mount({"alerts": app})
    root.router.lifespan_context = lifespan
    return root


async def _prepare(alerts: Alerts) -> None:
    await alerts.folded()
    worker = create_engine(alerts.urls["worker"], application="test", pool_size=1)
    async with unit_of_work(worker) as uow:
        await on_identity_assigned([assigned(n, c) for n, c in OWNERS.items()], uow)
    await worker.dispose()


@pytest.fixture(scope="module")
def typed(alerts: Alerts, alerts_issuer: Issuer, doorway_servers: Parts) -> Generator[Typed]:
    """Type `holdfast ingest` with the API's address and mediation's token."""
    asyncio.run(_prepare(alerts))
    token = mint(alerts_issuer, Caller("m", "m", frozenset({Role.MEDIATION}), "99"))
    kafka = doorway_servers.broker.address
    with served(lambda: _root(alerts, alerts_issuer, kafka)) as url:

        def type_it(file: Path, *options: str) -> Result:
            words = ["ingest", str(file), "--mapping", str(MAPPING), "--url", url, "--json"]
            return CliRunner().invoke(build("ingest"), [*words, "--token", token, *options])

        def loaded() -> bool:
            body = {"source": "x", "batch_id": "x", "records": [a_call("10086")]}
            headers = {"Authorization": f"Bearer {token}"}
            sent = httpx2.post(f"{url}/alerts/v1/usage", json=body, headers=headers)
            return sent.status_code == 409

        assert wait_until(loaded, PATIENCE_SECONDS)
        yield type_it


def a_line(number: str, place: int, **differs: str) -> Mapping[str, str]:
    return {
        "cdr_id": f"C{place}",
        "msisdn": number,
        "start_time": "2026-02-27 09:00:00",
        "service_type": "01",
        "call_type": "MO",
        "duration": "60",
        "volume_bytes": "0",
        "charge_yuan": "0.12",
        "other_party": "",
        "forward_to": "",
        "roaming": "0",
    } | differs


def a_file(path: Path, *lines: Mapping[str, str]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    return path


def told_by(result: Result) -> dict[str, object]:
    """The command's one line; before it stands the log of the server in this process."""
    return json.loads(result.stdout.splitlines()[-1])


def lines_of(path: Path) -> list[dict[str, str]]:
    assert path.stat().st_mode & 0o077 == 0, "it holds telephone numbers"
    with path.open(newline="") as opened:
        return list(csv.DictReader(opened))


async def taken_of(usage_log: LogReader) -> list[str]:
    calls = await usage_log.calls()
    return sorted(c["record_id"] for c in calls if c["customer_id"] in OWNERS.values())


@pytest.mark.requirement("XC-05")
async def test_a_file_goes_in_once_however_often_it_is_typed(
    typed: Typed, usage_log: LogReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BATCH_ROWS", 4)
    numbers = [*OWNERS, *OWNERS]
    file = a_file(tmp_path / "calls.csv", *(a_line(n, p) for p, n in enumerate(numbers)))

    results = [typed(file, "--register") for _ in range(2)]

    assert [r.exit_code for r in results] == [0, 0], results[0].output
    told = [told_by(r) for r in results]
    assert told[0] == {
        "rows": 10,
        "accepted": 10,
        "parked": 0,
        "rejected": 0,
        "rejected_file": None,
    }
    assert told[1] == told[0]
    assert await taken_of(usage_log) == sorted(f"C{n}" for n in range(10))


async def test_rows_that_cannot_be_taken_go_aside_and_can_be_mended(
    typed: Typed, usage_log: LogReader, tmp_path: Path
) -> None:
    number, *_ = OWNERS
    file = a_file(
        tmp_path / "calls.csv",
        a_line(number, 20),
        a_line(number, 21, duration="a minute"),
        a_line("no number", 22),
        a_line(number, 23, start_time="1999-01-01 00:00:00"),
        a_line(number, 24),
    )

    result = typed(file, "--register")

    assert result.exit_code == 1
    told = told_by(result)
    assert (told["accepted"], told["rejected"]) == (2, 3)
    aside = Path(str(told["rejected_file"]))
    rows = lines_of(aside)
    assert sorted((r["cdr_id"], r["holdfast_row"], r["holdfast_column"]) for r in rows) == [
        ("C21", "1", "seconds"),
        ("C22", "2", "number"),
        ("C23", "3", "at"),
    ]

    mended = [{**r, "msisdn": number, "duration": "60"} for r in rows]
    fresh = [{**r, "start_time": "2026-02-27 09:00:00"} for r in mended]
    assert typed(a_file(tmp_path / "mended.csv", *fresh)).exit_code == 0
    assert await taken_of(usage_log) == ["C20", "C21", "C22", "C23", "C24"]


def test_a_source_that_nobody_registered_is_told_with_its_remedy(
    typed: Typed, tmp_path: Path
) -> None:
    file = a_file(tmp_path / "calls.csv", a_line(a_number(), 30))

    result = typed(file, "--source", "nobody-knows")

    assert result.exit_code == 2
    assert "--register" in result.stderr
    assert "Traceback" not in result.output
