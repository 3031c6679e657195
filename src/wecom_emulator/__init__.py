"""A WeCom (企业微信) server for development, tests, demos and rehearsals; it knows nothing of Juqun."""
