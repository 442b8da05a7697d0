"""alerts detects churn signals: every rule on every record of a customer (architecture §6).

Facts in: usage through its own ingest; bills, profiles, touchpoints and outcomes by the merger.
Facts out: alerts.raised, alerts.episode_opened and closed, alerts.contact_proposed.
"""
