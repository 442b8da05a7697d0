"""Database roles, least privilege: per service one that migrates, one for web, one for workers.

`bootstrap` is an operator's act with a superuser's connection; everything after it runs as one of
these roles. Running it again changes nothing but the passwords.
"""

from collections.abc import Mapping

import asyncpg

KINDS = ("migrate", "web", "worker")

# One open write transaction anywhere on the server holds back every relay (architecture §5).
_LIMITS = {
    "transaction_timeout": "2s",
    "idle_in_transaction_session_timeout": "1s",
    "statement_timeout": "2s",
    "lock_timeout": "1s",
}

_ROLE = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
        CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
    END IF;
END $$;
"""

_CLOCK = """
CREATE SCHEMA IF NOT EXISTS holdfast;
CREATE TABLE IF NOT EXISTS holdfast.clock_segment (
    wall_from timestamptz PRIMARY KEY,
    business_from timestamptz NOT NULL,
    rate numeric NOT NULL CHECK (rate >= 0)
);
"""


# What PostgreSQL lets every role do in a new database, and nobody here needs.
_FROM_EVERYBODY = """
DO $$ BEGIN
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END $$;
"""


async def bootstrap(
    superuser_url: str, passwords: Mapping[str, str], services: tuple[str, ...]
) -> None:
    """Make roles and schemas of `services`; `passwords` maps a role's name to its password.

    Raises:
        asyncpg.PostgresError: the connection is not a superuser's.
    """
    connection = await asyncpg.connect(superuser_url)
    try:
        # Parallel bootstraps of one server would trip over each other's catalog rows.
        await connection.execute("SELECT pg_advisory_lock(1752132451)")
        await connection.execute(_FROM_EVERYBODY)
        await connection.execute(_CLOCK)
        for service in services:
            await _bootstrap_service(connection, service, passwords)
    finally:
        await connection.close()


async def _bootstrap_service(
    connection: asyncpg.Connection, service: str, passwords: Mapping[str, str]
) -> None:
    owner = f"{service}_migrate"
    for kind in KINDS:
        role = f"{service}_{kind}"
        await connection.execute(_ROLE.format(role=role))
        # ALTER ROLE takes no parameters; the server quotes the literal for us.
        quoted = await connection.fetchval("SELECT quote_literal($1::text)", passwords[role])
        await connection.execute(f"ALTER ROLE {role} PASSWORD {quoted}")
        await connection.execute(f"ALTER ROLE {role} SET search_path = {service}, holdfast")
        limits = {} if kind == "migrate" else _LIMITS
        for setting, value in limits.items():
            await connection.execute(f"ALTER ROLE {role} SET {setting} = '{value}'")
        await connection.execute(f"GRANT USAGE ON SCHEMA holdfast TO {role}")
        await connection.execute(f"GRANT SELECT ON holdfast.clock_segment TO {role}")
        await connection.execute(f"GRANT EXECUTE ON FUNCTION pg_control_system TO {role}")
    await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {service} AUTHORIZATION {owner}")
    for kind in ("web", "worker"):
        await connection.execute(f"GRANT USAGE ON SCHEMA {service} TO {service}_{kind}")
