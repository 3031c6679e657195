<<<<<<< HEAD
"""The outside world through which a chain talks to its customers: one folder per outside system."""
=======
"""The outside world: one folder per outside system, each owning its client, its tokens, its limits and its error mapping."""
>>>>>>> 419ed35 (Lay out the WeCom connector: types, events, errors, crypto, endpoint table, rules)
