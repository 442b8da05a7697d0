"""`holdfast mailbox`: the mail server and inbox of this machine, as a part of the local stack."""

from pathlib import Path
from typing import Annotated

import typer


def mailbox(
    *,
    folder: Annotated[
        Path, typer.Option(envvar="HOLDFAST_MAILBOX", help="Where mails are kept, a file each.")
    ],
    smtp_port: Annotated[int, typer.Option(envvar="HOLDFAST_SMTP_PORT", help="Takes mail.")],
    port: Annotated[int, typer.Option(envvar="HOLDFAST_HEALTH_PORT", help="Inbox and /readyz.")],
) -> None:
    """Keep every mail that is sent here and show it on a page; nothing leaves this machine.

    Example: holdfast mailbox --folder .holdfast/mailbox --smtp-port 2525 --port 8025
    """
    from holdfast.mailbox import run  # noqa: PLC0415 - only the desk has what it needs.

    run(folder, smtp_port=smtp_port, port=port)
