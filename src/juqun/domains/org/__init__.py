"""org 组织: the tree chain > province > city > store, the staff with their roles, and the policies that hold in it.

Owns nodes, staff, login accounts, policies with guard-rails and the answer to "what may this person see" (DataScope).
Owns no customers and no messages. Nouns: node, store, staff, role, policy, guard-rail.
"""
