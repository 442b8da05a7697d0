"""Which contact is worth more: the trade's order of reasons and tiers (contracts §5)."""

from collections.abc import Mapping

from shared.events.customers import Tier

CRITICAL = 80
MANUAL = 55

# Proposals arrive with their tier's part already added; only our own add it here.
TIER_BONUS: Mapping[Tier, int] = {
    Tier.DIAMOND: 8,
    Tier.GOLD: 8,
    Tier.SILVER: 5,
    Tier.GUEST: 2,
    Tier.NONE: 0,
}

# Between tasks of one priority: the more valuable customer first.
TIER_RANK: Mapping[Tier, int] = {
    Tier.DIAMOND: 0,
    Tier.GOLD: 1,
    Tier.SILVER: 2,
    Tier.GUEST: 3,
    Tier.NONE: 4,
}


def with_tier(priority: int, tier: Tier) -> int:
    return priority + TIER_BONUS[tier]
