"""Settings, URLs, and the one wiring table; the only place that knows every room."""
