"""Answers given by the machine: the welcome inside twenty seconds and keyword replies in WeChat customer service.

It does not own live codes (growth) or ways into groups (groups); it prepares from both what a welcome will say. Nouns:
prepared welcome, welcome attempt, keyword reply, customer-service account, service message, hand-over.
"""
