"""The ground of the house: clock, money, ids, errors, data scope, secrets, events with their outbox, and jobs.

Small and general; it knows no shop, no customer and no channel. Everything else stands on it and it imports nothing of Juqun.
"""
