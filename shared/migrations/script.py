"""Several statements in one text: PostgreSQL's extended protocol takes them one by one."""

from alembic import op


def execute(script: str) -> None:
    """Run the statements of `script`, which end with a semicolon at the end of a line.

    A function body, which has such lines of its own, is executed by `op.execute` instead.
    """
    for statement in script.split(";\n"):
        if statement.strip():
            op.execute(statement)
