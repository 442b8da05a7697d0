"""What every fact has: CloudEvents attributes as fields, identifiers derived from the cause."""

import hashlib
from typing import Annotated, ClassVar, NewType
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    GetPydanticSchema,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic_core import core_schema

EventId = NewType("EventId", UUID)

# Every derived identifier lives in this one namespace, so equal causes give equal ids anywhere.
NAMESPACE = UUID("6f1d5a0e-6f0b-5c57-9a3e-0d5e8f1c2b7a")
_NAMESPACE = NAMESPACE.bytes

_DECIMAL = "^[1-9][0-9]{0,18}$"
_BIGINT = core_schema.int_schema(gt=0, lt=2**63)
# In JSON the very text of the record's key: a number may have lost its last digits on the way.
_FROM_KEY = core_schema.no_info_after_validator_function(
    int, core_schema.str_schema(pattern=_DECIMAL)
)

CustomerId = Annotated[
    int,
    GetPydanticSchema(
        lambda _type, _handler: core_schema.json_or_python_schema(
            core_schema.chain_schema([_FROM_KEY, _BIGINT]), _BIGINT
        )
    ),
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": _DECIMAL}),
]
"""A random positive 63-bit integer: bigint in SQL, int64 in Arrow, a decimal string in JSON."""

OrganisationCode = Annotated[str, Field(pattern=r"^[0-9]{2}([0-9]{2}([0-9]{2}([0-9]{3})?)?)?$")]
"""Province 2, city 4, county 6, store 9 digits, each the beginning of the next."""

County = Annotated[str, Field(pattern=r"^[0-9]{6}$")]


def effect_id(cause: str | UUID, event_type: str, number: int = 0) -> EventId:
    """The id of the `number`-th effect of a cause: a replay repeats it instead of inventing one.

    As `uuid.uuid5` makes it; every fact and every entry has one, so it takes the shorter way.
    """
    told = f"{cause}/{event_type}/{number}".encode()
    named = hashlib.sha1(_NAMESPACE + told, usedforsecurity=False)
    return EventId(UUID(bytes=named.digest()[:16], version=5))


class Event(BaseModel):
    """A fact. What stands above the line travels as CloudEvents headers, the rest as JSON."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    event_type: ClassVar[str]

    event_id: Annotated[EventId, Field(exclude=True)]
    subject: Annotated[str, Field(exclude=True)]
    sequence: Annotated[int, Field(exclude=True, ge=0)] = 0
    cause_id: Annotated[str | None, Field(exclude=True)] = None
    cause_type: Annotated[str | None, Field(exclude=True)] = None
    # ---
    at: AwareDatetime

    @property
    def key(self) -> str | None:
        """Kafka's record key; None where the writer names the partition."""
        return None


class CustomerEvent(Event):
    """A fact about one customer, ordered with that customer's other facts."""

    customer_id: CustomerId
    county: County

    @property
    def key(self) -> str:
        return str(self.customer_id)
