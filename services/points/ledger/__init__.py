"""The ledger: one row is one transfer, balances are counters of lots, and both prove each other."""
