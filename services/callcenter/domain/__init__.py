"""The rules of contacts, tasks and portfolios: pure, no clock, no I/O."""
