"""WeCom's server API, one module per area; each function takes a Call and returns its fields."""
