"""Service: whoever leaves or changes hands their customers and groups over, and nobody is left without a keeper.

It owns hand-overs with one item per friendship and group: who is proposed, who decides, what WeCom made of it, what is left
to do. It does not own the friendships and guides themselves (members) nor the groups (groups); it asks those rooms to note
what has happened. Nouns: hand-over, item, giver, keeper, proposal, win-back (a customer who refused the new keeper).
"""
