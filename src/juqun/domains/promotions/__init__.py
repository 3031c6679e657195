"""Promotions (促销): the rules of an advantage, who was given one, and that it is used once.

Owns coupon templates with their frozen versions, the stock and budget of each template (one counter row), the coupons
issued to members and their redemptions. Does not own orders (commerce) nor who should get a coupon (campaigns).
Every mechanism has one shape: a counter row with CHECKs that is only moved by a conditional UPDATE, a unique key per
intent, states changed by compare-and-set, expiry by a job and by a check at every use.
Nouns: template, version, stock, coupon, code, redemption.
"""
