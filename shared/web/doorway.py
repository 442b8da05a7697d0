"""What every request of one service needs: its pool, its keys, its policy, its clock."""

from dataclasses import dataclass
from typing import cast

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.routing import BaseRoute

from shared.clock import ClockFollower
from shared.database import WEB_POOL, create_engine
from shared.identity import TokenVerifier
from shared.jwks import key_source
from shared.policy import POLICY, Operations
from shared.revision import SchemaRange


@dataclass(frozen=True)
class Doorway:
    """One service's way in; made by its wiring, reached by every request."""

    schema: SchemaRange
    engine: AsyncEngine
    verifier: TokenVerifier
    policy: Operations
    clock: ClockFollower

    @property
    def service(self) -> str:
        return self.schema.service


def open_doorway(schema: SchemaRange, *, database_url: str, jwks: str, issuer: str) -> Doorway:
    """The doorway of a service, from what its settings say; `jwks` is a path or an address.

    Raises:
        shared.jwks.KeysUnreadable: the issuer's keys are not there.
    """
    engine = create_engine(database_url, application=f"{schema.service}-web", pool_size=WEB_POOL)
    return Doorway(
        schema=schema,
        engine=engine,
        verifier=TokenVerifier(key_source(jwks), issuer=issuer),
        policy=POLICY[schema.service],
        clock=ClockFollower(engine),
    )


def doorway_of(request: Request) -> Doorway:
    return cast("Doorway", request.app.state.doorway)


def operation_id(route: BaseRoute) -> str:
    """The operation's id, from its function's name: `redeem_points` is `redeemPoints`."""
    first, *others = str(getattr(route, "name", "")).split("_")
    return first + "".join(word.capitalize() for word in others)
