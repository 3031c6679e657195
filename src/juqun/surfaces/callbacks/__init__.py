"""The raw WSGI lane for callbacks from outside systems: verify, store once by group commit, answer. No rules, no tables."""
