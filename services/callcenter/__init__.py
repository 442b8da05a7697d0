"""callcenter grants contacts and puts each customer before the own manager (contracts §5).

Facts in: proposals of every service, profiles, touchpoints, bills, episodes, orders.
Facts out: contacts granted, declined, replaced and recorded; renewals agreed or withdrawn.
"""
