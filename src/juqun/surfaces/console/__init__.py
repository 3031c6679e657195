"""The operators' console: pages inside django-unfold for headquarters, cities and stores.

It owns no rules and no tables: each page parses, calls the doors of the rooms with the reader's DataScope, and renders.
What a role may open stands in `access`; what a value is called stands in `phrases`.
"""
