"""Who is calling: a token, signed by the issuer, becomes a Caller or a refusal.

The check follows RFC 8725: one algorithm, keys by exact `kid` from our own copy of the issuer's
JWKS, and every claim looked at. What a token's header says about keys is never followed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn, cast

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwa import EdDSAAlgorithm
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.errors import Unauthorised, Unavailable
from shared.events.event import OrganisationCode
from shared.jwks import KeySource

AUDIENCE = "holdfast"
LEEWAY_SECONDS = (
    30  # clocks of two machines differ; RFC 8725 leaves it to us, we allow half a minute
)
TOKEN_BYTES_MAX = 8 * 1024


class Role(StrEnum):
    """What somebody may be; the policy table says what each may do."""

    COUNTY_CLERK = "county_clerk"
    STORE_CLERK = "store_clerk"
    HOTLINE_AGENT = "hotline_agent"
    RETENTION_OWNER = "retention_owner"
    DISPATCHER = "dispatcher"
    GROUP_DEPARTMENT = "group_department"
    MANAGER = "manager"
    PART_TIME_MANAGER = "part_time_manager"
    GROUP_LEAD = "group_lead"
    SUPERVISOR = "supervisor"
    RULE_AUTHOR = "rule_author"
    POINTS_OPERATOR = "points_operator"
    AUDITOR = "auditor"
    PLATFORM_ENGINEER = "platform_engineer"
    BOSS = "boss"
    MEDIATION = "mediation"


@dataclass(frozen=True)
class Caller:
    """Whoever holds the token: a person or a machine, in one organisation."""

    subject: str
    name: str
    roles: frozenset[Role]
    organisation: str


class _Claims(BaseModel):
    """The claims we need, in the shape we need; others are ignored."""

    model_config = ConfigDict(strict=True)

    sub: str = Field(min_length=1, max_length=200)
    name: str = Field(min_length=1, max_length=200)
    roles: list[str] = Field(max_length=32)
    org: OrganisationCode


def caller_of(claims: Mapping[str, Any]) -> Caller:
    """The caller whom checked claims name; how they were checked is up to who asks.

    Raises:
        pydantic.ValidationError: a claim that we need is missing or of another shape.
    """
    named = _Claims.model_validate(dict(claims))
    # A role that we do not know gives no rights; the issuer may serve other software too.
    roles = frozenset(role for role in Role if role.value in named.roles)
    return Caller(named.sub, named.name, roles, named.org)


class _EdDSA(EdDSAAlgorithm):
    # Identity providers sign with this name; RFC 9864's new ones are for the same signature.
    security_warning = None


class _OneAlgorithm(JWSRegistry):
    """No other algorithm exists here, so nobody can talk us into `none` or HS256."""

    algorithms = {"EdDSA": _EdDSA()}  # noqa: RUF012 - joserfc's own shape of this attribute.


ONE_ALGORITHM = _OneAlgorithm(algorithms=["EdDSA"])
# joserfc would merely ignore `jku`, `x5u`, `jwk` and `crit`: who sends them is probing.
_HEADERS = frozenset({"alg", "kid", "typ"})


class TokenVerifier:
    """Turns tokens of one issuer into callers."""

    def __init__(
        self, source: KeySource, *, issuer: str, now: Callable[[], int] | None = None
    ) -> None:
        self.source = source
        self._rules = jwt.JWTClaimsRegistry(
            now=now,
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": AUDIENCE},
            exp={"essential": True},
            sub={"essential": True},
        )

    def verify(self, token: str) -> Caller:
        """The caller that the token names.

        Raises:
            Unauthorised: the token is not ours, not now, or not whole; the reason is not told.
            Unavailable: this process has no keys yet.
        """
        if len(token) > TOKEN_BYTES_MAX:
            _refuse()
        try:
            decoded = jwt.decode(token, self._key_of, registry=ONE_ALGORITHM)
            self._rules.validate(decoded.claims)
            return caller_of(decoded.claims)
        except (JoseError, ValidationError, ValueError, TypeError, KeyError) as error:
            # joserfc's parser raises plain errors on some malformed tokens; all mean the same.
            raise Unauthorised("The token is not valid, or no longer") from error

    def _key_of(self, token: Any) -> OKPKey:  # noqa: ANN401 - joserfc's protocol, by its methods.
        header = cast("dict[str, object]", token.headers())
        if not _HEADERS.issuperset(header):
            _refuse()
        keys = self.source.keys()
        if not keys:
            raise Unavailable("The issuer's keys have not arrived yet")
        key = keys.get(str(header.get("kid")))
        return key if key is not None else _refuse()


def _refuse() -> NoReturn:
    raise Unauthorised("The token is not valid, or no longer")
