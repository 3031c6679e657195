"""The town 小镇: a real retailer's year played through the whole product, as customers, staff and tills would live it.

Owns the data of the demo (Complete Journey, made into the files a retailer would hand over), the seeded decisions of its people,
and the truth: the effect of the campaign that it built in itself. Customers and staff act at the WeCom emulator over HTTP, tills
post to the product's HTTP interface, files come in by `juqun import`, and what an operator decides goes through the rooms' doors.
Nouns: household, recruit, extra order, truth.
"""
