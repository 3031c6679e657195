"""Django's SQLite backend with one write lock per process: threads queue fairly instead of polling SQLite's busy handler."""
