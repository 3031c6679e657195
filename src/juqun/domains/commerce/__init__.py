"""Commerce (交易): orders of the chain's own tills and phone shop, and the orders of other systems, imported.

Owns orders with their lines, pickup codes, holds, refunds, the keys of tills, and the import of order lines and coupon
redemptions straight into the lake. Does not own prices (catalog), coupons (promotions) or what an order proves (insight).
Nouns: order, order line, order key (`<source>:<external reference>`), hold, pickup code, till key.
"""
