"""`holdfast translations`: the pages' catalogues, brought up to what the pages say."""

import typer


def translations() -> None:
    """Add new texts to the catalogues, drop those that nobody says, and list what is to be written.

    Ends with 1 while a text has no Chinese.

    Example: holdfast translations
    """
    from holdfast import translations as catalogues  # noqa: PLC0415 - Babel is slow to import.

    waiting = [
        (package, text) for package in catalogues.packages() for text in catalogues.renew(package)
    ]
    for package, text in waiting:
        print(f"{package}: {text}")
    if waiting:
        raise typer.Exit(1)
