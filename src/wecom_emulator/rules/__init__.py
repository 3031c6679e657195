"""How WeCom behaves, one module per topic: what happens when people scan, join, confirm, write and leave."""
