"""WeCom's server API, one module per area; each function takes a Call and returns the fields beside errcode and errmsg."""
