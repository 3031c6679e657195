"""How tills and head-office programs reach Juqun: JSON over HTTP under /api/v1, described by /api/v1/openapi.json.

Owns no rules and no tables: a request is read, one domain call is made, its answer or typed error is written down.
A key (`commerce` till key) says for which node it speaks; everything is read and written inside that node.
"""
