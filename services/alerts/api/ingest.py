"""What mediation sends in: call records with telephone numbers, progress, and who it is.

A batch is named by its source and batch id; repeating it is safe without an Idempotency-Key.
"""

import hashlib
import time
from datetime import datetime
from typing import Annotated, Any, cast

import pyarrow as pa
from fastapi import Depends, Header, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from services.alerts.domain import upload
from services.alerts.domain.upload import CallRecord, TooMuch, Unreadable
from services.alerts.handlers.ingest_door import IngestDoor
from services.alerts.handlers.register_source import Registration
from services.alerts.handlers.register_source import register_source as register
from services.alerts.handlers.take_usage import BatchReused, UnknownSource, Upload
from services.alerts.handlers.take_usage import take_usage as take
from services.alerts.handlers.tell_heartbeat import tell_heartbeat as tell
from services.alerts.store import control_numbers
from shared.errors import Malformed, TooLarge
from shared.events.arrow import ARROW
from shared.events.envelope import JSON
from shared.web.access import Admitted
from shared.web.bodies import RequestBody
from shared.web.documentation import refusals
from shared.web.once import Once
from shared.web.operations import operations
from shared.web.problem import errors_of
from shared.web.transaction import Moment, Transaction

BODY_BYTES_MAX = 4 * 2**20  # 10,000 records of JSON
SourceName = Annotated[str, Field(pattern="^[a-z][a-z0-9-]{0,31}$")]
BatchId = Annotated[str, Field(pattern="^[!-~]{1,128}$")]

router = operations()


class UsageUpload(BaseModel):
    """A batch of one source; its id is the caller's and never used for other records."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    source: SourceName
    batch_id: BatchId
    records: Annotated[list[CallRecord], Field(min_length=1, max_length=upload.ROWS_MAX)]


class UsageTaken(BaseModel):
    """Every accepted record is on the log; parked ones wait for their number's owner."""

    accepted: int
    parked: int


class HeartbeatAsked(RequestBody):
    source: SourceName
    at: AwareDatetime = Field(description="No record of before will be sent any more")


class HeartbeatTaken(BaseModel):
    written: bool = Field(description="False: the log knows as much already")


class SourceAsked(RequestBody):
    source: SourceName


class SourceShown(BaseModel):
    source: str
    registered_at: AwareDatetime


def _upload_schema() -> dict[str, Any]:
    """The JSON body, in one piece: a raw body is documented by hand."""
    schema = UsageUpload.model_json_schema()
    schema["properties"]["records"]["items"] = CallRecord.model_json_schema()
    schema.pop("$defs")
    return schema


_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {"schema": _upload_schema()},
            ARROW: {
                "schema": {
                    "type": "string",
                    "format": "binary",
                    "description": f"An Arrow IPC stream: {', '.join(upload.COLUMNS.names)}",
                }
            },
        },
    }
}


def door_of(request: Request) -> IngestDoor:
    return cast("IngestDoor", request.app.state.ingest)


Door = Annotated[IngestDoor, Depends(door_of)]


async def alone(uow: Transaction) -> None:
    """Acts take their numbers one after the other, from before their first write on."""
    await control_numbers.one_act_at_a_time(uow.connection)


@router.post(
    "/usage",
    status_code=202,
    responses=refusals(UnknownSource, BatchReused),
    openapi_extra=_BODY,
)
async def take_usage(
    request: Request,
    door: Door,
    moment: Moment,
    *,
    source: Annotated[
        str | None, Header(alias="Holdfast-Source", description="With Arrow: the source")
    ] = None,
    batch: Annotated[
        str | None, Header(alias="Holdfast-Batch", description="With Arrow: the batch's id")
    ] = None,
) -> UsageTaken:
    body = await request.body()
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    match content_type:
        case "application/json":
            named, table = _read_json(body)
        case _ if content_type == ARROW:
            named, table = _read_arrow(body, source, batch)
        case _:
            raise Malformed(f"Send {JSON} or {ARROW}")
    digest = hashlib.sha256(body).digest()
    sent = Upload(*named, digest=digest, table=table, trace=request.state.trace)
    taken = await take(sent, door.ingest, now=moment)
    return UsageTaken(accepted=taken.accepted, parked=taken.parked)


def _read_json(body: bytes) -> tuple[tuple[str, str], pa.Table]:
    try:
        sent = UsageUpload.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        if any(one["type"] == "too_long" for one in found):
            raise TooLarge(f"At most {upload.ROWS_MAX} records") from error
        errors = errors_of([{**one, "loc": ("body", *one["loc"])} for one in found])
        raise Malformed(members={"errors": errors}) from error
    return (sent.source, sent.batch_id), upload.columns_of(sent.records)


class _Names(BaseModel):
    source: SourceName
    batch_id: BatchId


def _read_arrow(
    body: bytes, source: str | None, batch: str | None
) -> tuple[tuple[str, str], pa.Table]:
    try:
        names = _Names.model_validate({"source": source, "batch_id": batch})
        table = upload.read_arrow(body)
    except ValidationError as error:
        raise Malformed(
            "With Arrow, send the headers Holdfast-Source and Holdfast-Batch"
        ) from error
    except TooMuch as error:
        raise TooLarge(str(error)) from error
    except Unreadable as error:
        raise Malformed(str(error)) from error
    if not table.num_rows:
        raise Malformed("A batch has at least one row")
    return (names.source, names.batch_id), table


@router.post("/usage/heartbeats", status_code=202, responses=refusals(UnknownSource))
async def tell_heartbeat(
    asked: HeartbeatAsked, request: Request, *, door: Door, moment: Moment
) -> HeartbeatTaken:
    _refuse_untimely(asked.at, moment)
    written = await tell(
        asked.source,
        asked.at,
        door.pulse,
        machine_now=time.monotonic(),
        trace=request.state.trace,
    )
    return HeartbeatTaken(written=written)


def _refuse_untimely(at: datetime, now: datetime) -> None:
    if not now - upload.AGE_MAX <= at <= now + upload.EARLY_MAX:
        raise Malformed("`at` is no later than now and no older than 400 days")


# `alone` stands before the claim of the key: its lock must be there before the first write.
@router.post("/sources", dependencies=[Depends(alone, scope="function")])
async def register_source(
    asked: SourceAsked, claim: Once, *, admission: Admitted, uow: Transaction, moment: Moment
) -> SourceShown:
    registration = Registration(asked.source, admission.caller.subject, claim.cause, moment)
    since = await register(registration, uow)
    return SourceShown(source=asked.source, registered_at=since)
