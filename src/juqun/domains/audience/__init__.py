"""Audience (人群): who is meant.

Owns the segment language (a tree of conditions that compiles to one set-based query over the lake and to one predicate
per member), saved segments, their live counts with the share that can be reached, RFM grades, CLV rules and snapshots.
Does not own the members and their tags (room members), the facts (lake) or what is sent to whom (room campaigns).
Nouns: segment, condition, window, count, snapshot, RFM grade.
"""
