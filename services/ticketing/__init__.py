"""ticketing dispatches work orders to county branches and holds them to one working day.

Facts in: agreements (callcenter), deactivations and portability (touchpoints), profiles.
Facts out: each move of an order, broken deadlines, escalations, proposals to ask once more.
"""
