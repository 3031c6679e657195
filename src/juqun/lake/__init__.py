"""The lake: what happened, as columns. It owns the facts (orders, order lines, touches, memberships, messages,
exposures, redemptions) and the dimensions as Parquet files, the feed that carries facts from business transactions into them, the
engine that answers SQL over them, and the fixed metrics. It owns no decisions: rooms write facts through `feed` and
`writer`, and read through `engine` and `metrics`. Nouns: fact, dimension, partition, batch, manifest, outbox.
"""
