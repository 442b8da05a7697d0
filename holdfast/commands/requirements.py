"""`holdfast requirements`: draw which requirement has code and tests, and refuse unknown IDs."""

from holdfast.contracts import ROOT
from holdfast.draw import requirements as drawing
from holdfast.draw.drawings import write
from holdfast.requirements import catalogue, shown_by_tests, unknown


def requirements() -> None:
    """Redraw docs/requirements.md from the tests' marks; exits 1 on an ID nobody knows.

    Example: holdfast requirements
    """
    strangers = unknown(ROOT)
    if strangers:
        print("These IDs are not in docs/requirements.yaml:")
        print("\n".join(f"  {m.requirement}  {m.path}  {m.test}".rstrip() for m in strangers))
        raise SystemExit(1)
    for path in write(ROOT, drawing.drawn()):
        print(f"written  {path}")
    shown = {mention.requirement for mention in shown_by_tests(ROOT)}
    wanted = [row for row in catalogue(ROOT).values() if row.scope != "N"]
    print(f"{len(shown)} of {len(wanted)} requirements are shown by tests")
