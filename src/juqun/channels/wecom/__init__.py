"""The WeCom connector: everything that Juqun says to WeCom, and everything that WeCom says to Juqun.

Owns the thin HTTP client with its endpoint table, the shared access tokens, the call budgets, the crypto of callbacks and the
inbox in which every callback is stored once before anything is done about it. It knows WeCom's words (external_userid,
contact_way, group_chat, welcome_code) and none of the business: members, groups and campaigns listen to its events.
"""
