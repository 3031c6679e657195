"""Plain factories: the small chain with its lake of six members, for tests of this room and of those above."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from juqun.domains.org.testing import SmallChain, make_small_chain
from juqun.kernel import clock
from juqun.lake import writer
from juqun.lake.schemas import DIMS
from juqun.lake.testing import business, fresh_lake

TODAY = clock.day_number(business(2026, 3, 31).date())


def make_small_lake(settings: Any, folder: Path) -> SmallChain:
    """Fill a fresh lake: members 1-3 of Tianhe (1 guided by Wang), 4 of Yuexiu, 5 of Nanshan, 6 without a store.

    Member n has n orders of 100 yuan with a line of coffee (even n) or tea each, the last n days before 2026-03-31; 1, 4
    and 5 are friends, 2 and 4 in a group, all but 5 consent to marketing; 1 and 5 are tagged vip.
    """
    fresh_lake(settings, folder)
    chain = make_small_chain()
    stores = {1: chain.tianhe, 2: chain.tianhe, 3: chain.tianhe, 4: chain.yuexiu, 5: chain.nanshan}
    members = [
        {
            "member_id": n,
            "store_id": stores[n].id if n in stores else -1,
            "org_path": stores[n].path if n in stores else "",
            "staff_id": chain.wang.id if n == 1 else -1,
            "is_friend": n in (1, 4, 5),
            "gender": "female" if n % 2 else "male",
            "created_day": TODAY - 100,
            "consent_marketing": n != 5,
            "attributes": json.dumps({"income": n * 1000}),
        }
        for n in range(1, 7)
    ]
    products = [{"product_ref": p, "name": p, "category": p, "department": "drinks"} for p in ("coffee", "tea")]
    writer.replace_dims(
        {
            "members": _table("members", members),
            "member_tags": _table("member_tags", [{"member_id": n, "tag": "vip", "source": "manual"} for n in (1, 5)]),
            "group_members": _table(
                "group_members", [{"group_id": 1, "member_id": n, "kind": "fans", "role": "member"} for n in (2, 4)]
            ),
            "products": _table("products", products),
        }
    )
    orders = [
        {
            "order_key": f"pos:{n}-{i}",
            "member_id": n,
            "store_id": stores[n].id if n in stores else -1,
            "ts": business(2026, 3, 31 - n, 12),
            "amount_fen": 10_000,
        }
        for n in range(1, 7)
        for i in range(n)
    ]
    lines = [
        {**order, "line_no": 1, "product_ref": "tea" if order["member_id"] in (1, 3, 5) else "coffee"}
        for order in orders
    ]
    writer.append("orders", pa.Table.from_pylist(orders), "seed")
    writer.append("order_lines", pa.Table.from_pylist(lines), "seed")
    return chain


def _table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    fields = [field for field in DIMS[name] if any(field.name in row for row in rows)]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))
