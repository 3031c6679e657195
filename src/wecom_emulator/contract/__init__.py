"""The admin side described: every route and every verb with what it takes and gives, as OpenAPI and as a page."""
