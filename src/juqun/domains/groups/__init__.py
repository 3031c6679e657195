"""Group chats of the chain: the matrix of kinds, each store's way in, the chats themselves, who is in them and in which role.

It does not own who a member is (members), where a member came from (growth) or what is sent into a group (campaigns).
Nouns: kind, entry (the way in: one join way of the channel per store and kind), planned group, group, membership, role.
"""
