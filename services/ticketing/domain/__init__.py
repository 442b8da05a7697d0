"""The rules of orders and deadlines: pure, no clock, no I/O."""
