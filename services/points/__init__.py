"""points keeps the loyalty ledger: what a customer earned, spent, and when it clears.

Facts in: bills and opening lots (billing), profiles (customers).
Facts out: points.granted, points.spent, points.reversed, each with the lot's version.
"""
