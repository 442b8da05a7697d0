"""The programme's rules: pure, no clock, no I/O."""
