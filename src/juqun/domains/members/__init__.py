"""members 会员: each customer once, under all the names by which channels know them.

Owns the member, sealed identities (phone, unionid, external_userid, openid, card), merging and un-merging, tags, consent per
purpose, the friendship of a member and a guide, and the member's time line. Owns no groups, orders or messages: rooms above
write a line into the time line or hear the events. Nouns: member, identity, merge, alias, tag, consent, friend, guide.
"""
