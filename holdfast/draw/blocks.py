"""Drawn blocks: what stands between two markers of a document is drawn, the rest is written."""


class MarkerMissingError(Exception):
    """A document without the place where its block belongs."""


def with_block(document: str, name: str, body: str) -> str:
    """`document` with `body` between `<!-- drawn:NAME -->` and the next `<!-- /drawn -->`.

    Raises:
        MarkerMissingError: the document has no such pair of markers.
    """
    begin, end = f"<!-- drawn:{name} -->", "<!-- /drawn -->"
    before, opened, rest = document.partition(begin)
    _, closed, after = rest.partition(end)
    if not opened or not closed:
        raise MarkerMissingError(f"write {begin} and {end} where the block belongs")
    return f"{before}{begin}\n{body.strip()}\n{end}{after}"
