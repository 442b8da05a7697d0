"""The chaos gate: feed numbered facts, break things, compare what came out with what went in."""
