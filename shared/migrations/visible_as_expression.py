"""Which counties a caller sees, as an expression. Frozen: a change is a new revision.

A function of its own language is called for every row that a statement looks at, which was most of
the cost of figures over many; this one becomes part of the statement that asks.
"""

from alembic import op

# As before: unset is an error, never "sees everything" and never "sees nothing".
_UNSET = """
CREATE FUNCTION organisation_unset() RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RAISE EXCEPTION 'holdfast.organisation is not set in this transaction'
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""

_VISIBLE = """
CREATE OR REPLACE FUNCTION organisation_visible(county text) RETURNS boolean
LANGUAGE sql STABLE
RETURN starts_with(county, coalesce(nullif(current_setting('holdfast.organisation', true), ''),
                                    organisation_unset()))
"""


def create() -> None:
    op.execute(_UNSET)
    op.execute(_VISIBLE)
