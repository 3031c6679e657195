"""Campaigns 活动: who is written to, who is deliberately not, and what became of every single message.

Owns the campaign, its plan (arms drawn before anything is sent, a reason for each member who gets nothing), the
contact-pressure ledger, the message outbox and the tasks that staff confirm in WeCom. Does not own the segment
(audience), the coupon (promotions), the friendship and the consent (members), nor the effect (insight reads the lake).
Its nouns: campaign, arm, holdout, exposure, message, batch (one task of one sender), pressure entry, link token.
"""
