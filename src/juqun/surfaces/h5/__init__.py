"""Phone pages for customers: a coupon with its QR code, a tracked link, one's own coupons, a pickup code.

Owns no rules and no tables. Readable without styles and scripts; WeUI's style sheet comes from our own static files. A
page is opened by something only its owner has: a code of 70 or more random bits, or a signed link.
"""
