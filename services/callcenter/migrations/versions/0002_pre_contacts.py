"""The gate's budget, tasks and calls, the vault, and what a manager sees of a customer."""

from services.callcenter.migrations.tables_0002 import TABLES
from shared.migrations import script

revision = "0002"
down_revision = "0001"

_GRANTS = """
GRANT SELECT, INSERT, UPDATE ON customer, guard, portfolio, contact_budget, proposal, contact_grant,
    task, episode, alert, work_order, at_risk TO callcenter_worker;
GRANT SELECT, INSERT ON bill, signal TO callcenter_worker;
GRANT SELECT ON customer, guard, portfolio, episode, alert, work_order, at_risk, bill, signal
    TO callcenter_web;
GRANT SELECT, INSERT, UPDATE ON contact_budget, proposal, contact_grant, task, reservation,
    agreement TO callcenter_web;
GRANT SELECT, INSERT ON contact TO callcenter_web;
GRANT SELECT, INSERT, UPDATE ON vault TO callcenter_web;
GRANT INSERT ON reveal TO callcenter_web;
"""

# Rows that name their county are seen by it; what hangs on a customer, by whoever sees the
# customer. Workers see all, but neither the vault nor who looked into it.
_BY_COUNTY = ("customer", "task", "vault")
_BY_CUSTOMER = (
    "guard",
    "portfolio",
    "proposal",
    "contact_grant",
    "episode",
    "alert",
    "work_order",
    "at_risk",
    "bill",
    "signal",
)
# Somebody at a counter may have no profile yet, and is talked to all the same.
_BY_CUSTOMER_OR_COUNTER = ("contact_budget", "contact", "agreement")


def upgrade() -> None:
    script.execute(TABLES)
    script.execute(_GRANTS)
    for table in _BY_COUNTY:
        _guard(table, "organisation_visible(county)")
    for table in _BY_CUSTOMER:
        _guard(table, _exists("customer", table, "customer_id"))
    for table in _BY_CUSTOMER_OR_COUNTER:
        counter = _exists("task", table, "customer_id", and_kind="counter")
        _guard(table, f"{_exists('customer', table, 'customer_id')} OR {counter}")
    _guard("reservation", _exists("task", "reservation", "task_id"))


def _exists(seen: str, table: str, column: str, *, and_kind: str = "") -> str:
    kind = f" AND s.kind = '{and_kind}'" if and_kind else ""
    return f"EXISTS (SELECT FROM {seen} s WHERE s.{column} = {table}.{column}{kind})"


def _guard(table: str, visible: str) -> None:
    script.execute(f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY branch ON {table} TO callcenter_web USING ({visible});
        CREATE POLICY owner ON {table} TO callcenter_migrate USING (true);
    """)
    if table != "vault":
        script.execute(f"CREATE POLICY worker ON {table} TO callcenter_worker USING (true)")
