"""How people and programs reach Juqun: console, phone pages, HTTP API and callbacks. No rules and no tables live here."""
