"""The local stack's identity provider: `oidc-provider-mock` with ready users, for this desk only.

Whoever reaches it can sign in as anybody, so it listens to this machine alone and no image holds
it. In production the operator's own provider stands in its place (HOLDFAST_OIDC_ISSUER).
"""

import os
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import uvicorn

from shared.web.home.ready_users import USERS

HOST = "127.0.0.1"
TOKEN_LIFE = timedelta(minutes=5)  # it is read once, at sign-in


def run(users: Path, port: int) -> None:
    """Serve until SIGTERM."""
    uvicorn.run(
        cast("Any", provider(users)),
        interface="wsgi",
        host=HOST,
        port=port,
        log_level="warning",
    )


def provider(users: Path) -> object:
    """The provider as a WSGI application. `/readyz` is for whoever looks after the stack.

    With `login_hint` a ready user is signed in without another page: they were chosen on ours.
    """
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # plain http, on this machine only
    # Only the desk has them; neither has types that a checker could use.
    flask, mock = (import_module(name) for name in ("flask", "oidc_provider_mock"))

    known = USERS.validate_json(users.read_bytes())
    people = [
        mock.User(
            sub=user.sub, claims={"name": user.name, "roles": list(user.roles), "org": user.org}
        )
        for user in known
    ]
    app = mock.app(user_claims=people, access_token_max_age=TOKEN_LIFE)
    names = {user.sub for user in known}

    def signs_in_who_was_chosen() -> Any:  # noqa: ANN401 - Flask's own.
        request = flask.request
        hint = request.args.get("login_hint", "")
        if request.path != "/oauth2/authorize" or request.method != "GET" or hint not in names:
            return None
        with app.test_client() as client:
            return client.post(request.full_path, base_url=request.host_url, data={"sub": hint})

    app.before_request(signs_in_who_was_chosen)
    app.add_url_rule("/readyz", "readyz", lambda: "ready")
    return app
