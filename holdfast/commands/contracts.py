"""`holdfast contracts`: rewrite the recorded event schemas, for review."""

from holdfast.contracts import (
    ROOT,
    broken_promises,
    present_schemas,
    record_examples,
    recorded_schemas,
    write_schemas,
)


def contracts() -> None:
    """Write wider event schemas and examples of new types under tests/contract, for review."""
    broken = broken_promises(recorded_schemas(ROOT), present_schemas())
    if broken:
        print("These promises would be broken; publish a new type (….v2) beside the old one:")
        print("\n".join(f"  {promise}" for promise in broken))
        raise SystemExit(1)
    written = [*write_schemas(ROOT), *record_examples(ROOT)]
    for path in written:
        print(f"written  {path.relative_to(ROOT)}")
    print(f"{len(written)} files to review" if written else "every contract is as recorded")
