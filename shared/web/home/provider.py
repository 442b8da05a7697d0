"""The operator's identity provider: authorisation code with PKCE, and the ID token that it gives.

The token is checked as any other of ours (shared/identity.py), but by the provider's own keys and
for our client: providers sign ID tokens with RS256 or ES256 as often as with EdDSA.
"""

from dataclasses import dataclass
from typing import Any, cast

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import Unauthorised, Unavailable
from shared.identity import LEEWAY_SECONDS, Caller, caller_of

SCOPE = "openid profile"
ANSWER_SECONDS = 5.0
# Signatures by public keys only: a shared secret would let whoever checks a token make one.
ALGORITHMS = JWSRegistry(algorithms=["RS256", "PS256", "ES256", "EdDSA"])


class Described(BaseModel):
    """What a provider says about itself at its well-known address."""

    model_config = ConfigDict(frozen=True)

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


@dataclass(frozen=True)
class Provider:
    """The provider as our settings name it, and us as its client."""

    issuer: str
    client_id: str
    client_secret: str
    redirect_uri: str

    async def address(self, *, state: str, nonce: str, verifier: str, hint: str = "") -> str:
        """Where to send the person; `hint` names the account they chose on our page.

        Raises:
            Unavailable: the provider does not answer.
        """
        described = await self._described()
        more = {"login_hint": hint} if hint else {}
        async with self._client() as client:
            address, _ = client.create_authorization_url(
                described.authorization_endpoint,
                state=state,
                nonce=nonce,
                code_verifier=verifier,
                **more,
            )
        return str(address)

    async def caller(self, *, code: str, nonce: str, verifier: str) -> Caller:
        """Who signed in.

        Raises:
            Unauthorised: the provider refuses the code, or its token is not for us.
            Unavailable: the provider does not answer.
        """
        described = await self._described()
        try:
            async with self._client() as client:
                tokens = await client.fetch_token(
                    described.token_endpoint, code=code, code_verifier=verifier
                )
            keys = (await _asked(described.jwks_uri)).json()
        except httpx2.HTTPError as error:
            raise Unavailable("The identity provider does not answer") from error
        except (AuthlibBaseError, ValueError) as error:
            raise Unauthorised("The identity provider refused the sign-in") from error
        return self.checked(str(tokens.get("id_token", "")), keys, nonce)

    def checked(self, token: str, keys: Any, nonce: str) -> Caller:  # noqa: ANN401 - as it came.
        rules = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self.client_id},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            decoded = jwt.decode(token, KeySet.import_key_set(keys), registry=ALGORITHMS)
            rules.validate(decoded.claims)
            return caller_of(decoded.claims)
        except (JoseError, ValidationError, ValueError, TypeError, KeyError) as error:
            raise Unauthorised("The identity provider's token is not valid for us") from error

    async def _described(self) -> Described:
        """Asked anew at each sign-in, which is seldom: a provider may move and change its keys."""
        try:
            answer = await _asked(f"{self.issuer}/.well-known/openid-configuration")
            described = Described.model_validate_json(answer.content)
        except (httpx2.HTTPError, ValidationError) as error:
            raise Unavailable("The identity provider does not answer") from error
        if described.issuer != self.issuer:
            raise Unavailable(f"HOLDFAST_OIDC_ISSUER is {self.issuer}, which calls itself another")
        return described

    def _client(self) -> Any:  # noqa: ANN401 - authlib has no types.
        client = AsyncOAuth2Client(
            self.client_id,
            self.client_secret,
            scope=SCOPE,
            redirect_uri=self.redirect_uri,
            code_challenge_method="S256",
            timeout=ANSWER_SECONDS,
        )
        return cast("Any", client)


async def _asked(address: str) -> httpx2.Response:
    """What the provider publishes; redirects are not followed, for the address is the trust."""
    async with httpx2.AsyncClient(timeout=ANSWER_SECONDS, follow_redirects=False) as client:
        return (await client.get(address)).raise_for_status()
