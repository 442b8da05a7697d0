"""The rules of alerts that are no part of the engine: pure, no clock, no I/O."""
