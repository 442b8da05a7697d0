"""`holdfast ingest FILE`: call records of a CSV or Parquet file, through the public API."""

import csv
import json
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from holdfast.call_records.mapping import (
    Fault,
    FileMapping,
    MappingRefused,
    RowReader,
    read_mapping,
)
from holdfast.call_records.reading import Chunk, FileRefused, chunks, fingerprint, row_count
from holdfast.call_records.sending import IngestClient, SendingFailed
from holdfast.stack.state import home_folder, load
from holdfast.tokens import NoIssuer, mint, open_issuer
from shared.identity import Caller, Role

# Beside the file's own columns, in the file of rejected rows.
_REASONS = ("holdfast_row", "holdfast_column", "holdfast_reason")


@dataclass
class Counts:
    """What became of the rows."""

    rows: int = 0
    accepted: int = 0
    parked: int = 0
    rejected: int = 0


@dataclass
class Rejected:
    """Rows that were not taken, in a file that is made when the first of them comes."""

    path: Path
    columns: Sequence[str]
    rows: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def add(self, row: dict[str, Any], number: int, column: str, said: str) -> None:
        reasons = dict(zip(_REASONS, (number, column, said), strict=True))
        self.rows.append({name: row[name] for name in self.columns} | reasons)

    def save(self) -> None:
        """Write anew: a file of an earlier run would tell of rows that were mended since."""
        self.path.unlink(missing_ok=True)
        if self.rows:
            self.path.touch(mode=0o600)  # it holds telephone numbers
            with self.path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, [*self.columns, *_REASONS])
                writer.writeheader()
                writer.writerows(self.rows)


def ingest(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help=".csv or .parquet")],
    *,
    mapping: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="what its columns and words mean")
    ],
    source: Annotated[str, typer.Option(help="whose records they are")] = "mediation",
    register: Annotated[bool, typer.Option(help="make the source known first")] = False,
    url: Annotated[
        str, typer.Option(envvar="HOLDFAST_URL", help="where the services answer; the local stack")
    ] = "",
    token: Annotated[
        str, typer.Option(envvar="HOLDFAST_TOKEN", help="mediation's; made for the local stack")
    ] = "",
    home: Annotated[Path | None, typer.Option(help="the stack's folder")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Send a file of call records with telephone numbers; numbers go no further than ingest.

    Broken off, type the same again: batches are named by file and rows, and none counts twice.
    Rows that cannot be taken go to FILE.rejected.csv with row, column and reason: mend and send it.
    docs/ingest-mapping.yaml is a mapping to begin with. Ends with 1 if rows were rejected.

    Example: holdfast ingest cdr-0227.csv --mapping docs/ingest-mapping.yaml --register
    """
    where = file.with_name(f"{file.name}.rejected.csv")
    try:
        known = read_mapping(mapping)
        aside = Rejected(where, list(dict.fromkeys(known.columns.values())))
        client = IngestClient(*_address(url, token, home), source)
        with closing(client):
            if register:
                client.register()
            name = fingerprint(file, mapping)
            counts = _send(file, known, client, name=name, aside=aside)
    except (MappingRefused, FileRefused, SendingFailed, NoIssuer) as failure:
        typer.echo(str(failure), err=True)
        raise typer.Exit(2) from failure
    aside.save()
    _tell(counts, where, as_json=as_json)
    if counts.rejected:
        raise typer.Exit(1)


def _address(url: str, token: str, home: Path | None) -> tuple[str, str]:
    folder = home_folder(home)
    state = load(folder)
    if not url and state is None:
        raise SendingFailed(f"no stack in {folder}: run `holdfast up`, or give --url and --token")
    if not token:
        who = Caller("ingest", "holdfast ingest", frozenset({Role.MEDIATION}), "99")
        token = mint(open_issuer(folder), who, hours=12)
    return url or f"http://127.0.0.1:{state.web_port if state else 0}", token


def _send(
    file: Path, mapping: FileMapping, client: IngestClient, *, name: str, aside: Rejected
) -> Counts:
    counts, reader = Counts(), RowReader(mapping)
    with _progress(row_count(file)) as bar:
        for chunk in chunks(file, aside.columns):
            _send_chunk(chunk, reader, client, name=name, aside=aside, counts=counts)
            bar.advance(bar.task_ids[0], len(chunk.rows))
    counts.rejected = len(aside.rows)
    return counts


def _send_chunk(
    chunk: Chunk,
    reader: RowReader,
    client: IngestClient,
    *,
    name: str,
    aside: Rejected,
    counts: Counts,
) -> None:
    sound: list[tuple[int, dict[str, Any]]] = []
    for place, row in enumerate(chunk.rows):
        ours = reader.read(row)
        if isinstance(ours, Fault):
            aside.add(dict(row), chunk.first + place, ours.column, ours.said)
        else:
            sound.append((place, ours))
    batch = f"{name}-{chunk.first}-{chunk.first + len(chunk.rows)}"
    taken = client.send(batch, [ours for _, ours in sound])
    seen: set[int] = set()
    for refusal in taken.refused:
        place, _ = sound[refusal.row]
        if place not in seen:
            aside.add(dict(chunk.rows[place]), chunk.first + place, refusal.column, refusal.said)
        seen.add(place)
    counts.rows += len(chunk.rows)
    counts.accepted += taken.accepted
    counts.parked += taken.parked


@contextmanager
def _progress(rows: int) -> Generator[Progress]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    # On standard error, so that --json stays one object.
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        bar.add_task("rows", total=rows)
        yield bar


def _tell(counts: Counts, where: Path, *, as_json: bool) -> None:
    if as_json:
        told = {**vars(counts), "rejected_file": str(where) if counts.rejected else None}
        print(json.dumps(told))
        return
    print(f"{counts.rows} rows: {counts.accepted} on the log, {counts.parked} parked")
    if counts.parked:
        print("parked rows wait up to 24 h of business time for their number's customer")
    if counts.rejected:
        print(f"{counts.rejected} rejected, with row, column and reason: {where}")
