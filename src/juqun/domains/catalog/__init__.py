"""Catalog (商品): the products a chain sells, known by its own product reference.

Owns product master data and the present shelf price. Does not own what a sale cost (commerce keeps that with the order
line) nor coupons on a product (promotions). Nouns: product, product reference, category, department, brand, price.
"""
