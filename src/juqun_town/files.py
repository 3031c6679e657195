"""The files that the retailer hands over: tree, staff, members, products, order lines and redemptions, before the campaign and after."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from juqun_town import people, places, plan, year

CHAIN_CODE: Final = "HQ"
CHAIN_NAME: Final = "聚群生鲜"
CONSENT_SHARE: Final = 0.93
TIERS: Final = ("金卡", "银卡", "普卡")

_MEMBERS: Final = """
SELECT b.household_id, h.store_id, b.joined_at, ntile(10) OVER (ORDER BY b.spent DESC, b.household_id) AS tenth,
    d.age, d.income, d.home_ownership, d.marital_status, d.household_size, d.household_comp, d.kids_count
FROM (
    SELECT household_id, min(ts) AS joined_at, coalesce(sum(amount_fen) FILTER (ts < $day), 0) AS spent
    FROM baskets GROUP BY household_id
) AS b
JOIN homes AS h ON h.household_id = b.household_id
LEFT JOIN demographics AS d ON d.household_id = b.household_id
ORDER BY b.household_id
"""
_STORES: Final = """
SELECT s.store_id, coalesce(h.households, 0) AS households
FROM (SELECT DISTINCT store_id FROM transactions) AS s
LEFT JOIN (SELECT store_id, count(*) AS households FROM homes GROUP BY store_id) AS h ON h.store_id = s.store_id
ORDER BY households DESC, s.store_id
"""
_LINES: Final = """
COPY (
    SELECT CAST(basket_id AS VARCHAR) AS order_ref,
        row_number() OVER (PARTITION BY basket_id ORDER BY product_id) AS line_no,
        printf('%06d', household_id) AS member_key, 'S' || store_id AS store_code, CAST(product_id AS VARCHAR) AS product_ref,
        quantity, round(sales_value, 2) AS amount_yuan, round(retail_disc, 2) AS discount_yuan,
        round(coupon_disc + coupon_match_disc, 2) AS coupon_yuan, transaction_timestamp AS paid_at
    FROM transactions WHERE {where} ORDER BY transaction_timestamp, basket_id, product_id
) TO '{path}' (FORMAT parquet)
"""
_PRODUCTS: Final = """
COPY (
    SELECT CAST(product_id AS VARCHAR) AS product_ref, coalesce(product_type, product_category, 'PRODUCT ' || product_id) AS name,
        product_category AS category, department, brand
    FROM products ORDER BY product_id
) TO '{path}' (HEADER)
"""
_REDEMPTIONS: Final = """
COPY (
    SELECT printf('%06d', r.household_id) AS member_key, CAST(r.coupon_upc AS VARCHAR) AS coupon_ref,
        CAST(r.campaign_id AS VARCHAR) AS campaign_ref, c.campaign_type, CAST(r.redemption_date AS DATE) AS redeemed_on
    FROM coupon_redemptions AS r JOIN campaign_descriptions AS c ON c.campaign_id = r.campaign_id
    WHERE {where} ORDER BY r.redemption_date, r.household_id, r.coupon_upc
) TO '{path}' (HEADER)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """A household as the retailer's cards know it, and as WeChat does."""

    id: int
    card: str
    name: str
    phone: str
    unionid: str
    store_code: str
    has_consent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSpec:
    """A store of the chain. `gathers`: live codes and groups are opened there."""

    code: str
    name: str
    city_code: str
    households: int
    gathers: bool

    @property
    def guides(self) -> tuple[str, ...]:
        """The userids of its guides."""
        number = self.code.removeprefix("S")
        return (f"guide-{number}-1", f"guide-{number}-2") if self.gathers else (f"guide-{number}-1",)

    @property
    def operator(self) -> str:
        """The userid of its operator 小步, who owns the groups."""
        return f"xiaobu-{self.code.removeprefix('S')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffSpec:
    """Somebody who works for the chain."""

    userid: str
    name: str
    role: str
    node_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """Everything that the files say."""

    folder: Path
    stores: Sequence[StoreSpec]
    staff: Sequence[StaffSpec]
    households: Sequence[Household]

    def file(self, name: str) -> Path:
        """The path of one of the files."""
        return self.folder / name


def write_files(folder: Path, seed: int, *, only_households: Iterable[int] | None = None) -> Town:
    """Write all files into `folder`; `only_households` leaves the others out (small towns of the tests)."""
    folder.mkdir(parents=True, exist_ok=True)
    with year.connect() as connection:
        chosen = None if only_households is None else sorted(set(only_households))
        stores = _write_tree(connection, folder, seed)
        staff = _write_staff(folder, stores, seed)
        households = _write_members(connection, folder, seed, chosen)
        _write_facts(connection, folder, chosen)
    return Town(folder=folder, stores=stores, staff=staff, households=households)


def _write_csv(path: Path, header: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(lines)


def _write_tree(connection: duckdb.DuckDBPyConnection, folder: Path, seed: int) -> list[StoreSpec]:
    known = places.read_places()
    cities = places.choose_cities(known)
    counts = year.rows(connection, _STORES)
    spots = places.place_stores(known, cities, len(counts), seed)
    stores = [
        StoreSpec(
            code=f"S{store_id}",
            name=spot.name,
            city_code=spot.city_code,
            households=households,
            gathers=rank < plan.GATHERING_STORES,
        )
        for rank, ((store_id, households), spot) in enumerate(zip(counts, spots, strict=True))
    ]
    lines: list[tuple[Any, ...]] = [(CHAIN_CODE, "chain", CHAIN_NAME, "", "", "")]
    lines += [
        (p.code, "province", p.name, CHAIN_CODE, p.longitude, p.latitude) for p in (known[c] for c in places.PROVINCES)
    ]
    lines += [(c.code, "city", c.name, c.code[:2], c.longitude, c.latitude) for c in cities]
    lines += [
        (store.code, "store", store.name, store.city_code, spot.longitude, spot.latitude)
        for store, spot in zip(stores, spots, strict=True)
    ]
    _write_csv(folder / "tree.csv", ("code", "kind", "name", "parent_code", "longitude", "latitude"), lines)
    return stores


def _write_staff(folder: Path, stores: Sequence[StoreSpec], seed: int) -> list[StaffSpec]:
    wanted: list[tuple[str, str, str]] = []
    for city_code in sorted({store.city_code for store in stores}):
        wanted.append((f"city-{city_code}", "city_operator", city_code))
    for store in stores:
        number = store.code.removeprefix("S")
        wanted.append((f"manager-{number}", "store_manager", store.code))
        wanted += [(userid, "guide", store.code) for userid in store.guides]
        wanted.append((f"cashier-{number}", "cashier", store.code))
        if store.gathers:
            wanted.append((store.operator, "store_operator", store.code))
    chosen = people.names(len(wanted), f"{seed}:staff")
    staff = [
        StaffSpec(userid=userid, name=name, role=role, node_code=node)
        for (userid, role, node), name in zip(wanted, chosen, strict=True)
    ]
    lines = [(one.userid, one.name, one.role, one.node_code) for one in staff]
    _write_csv(folder / "staff.csv", ("userid", "name", "role", "node_code"), lines)
    return staff


def _write_members(
    connection: duckdb.DuckDBPyConnection, folder: Path, seed: int, chosen: Sequence[int] | None
) -> list[Household]:
    found = year.rows(connection, _MEMBERS, {"day": year.campaign_starts()})
    names, phones = people.names(len(found), f"{seed}:members"), people.phones(len(found), f"{seed}:members")
    households, lines = [], []
    for (number, store_id, joined_at, tenth, *facts), name, phone in zip(found, names, phones, strict=True):
        if chosen is not None and number not in chosen:
            continue
        one = Household(
            id=number,
            card=f"{number:06d}",
            name=name,
            phone=phone,
            unionid=f"oTown{number:06d}",
            store_code=f"S{store_id}",
            has_consent=plan.draw(seed, number, "consent").random() < CONSENT_SHARE,
        )
        households.append(one)
        tier = TIERS[0] if tenth == 1 else TIERS[1] if tenth <= 4 else TIERS[2]
        tags = "有孩家庭" if facts[-1] not in (None, "0") else ""
        consent = "1" if one.has_consent else "0"
        lines.append((one.card, name, phone, one.unionid, one.store_code, tier, tags, consent, joined_at, *facts))
    header = (
        "key", "name", "phone", "unionid", "store_code", "tier", "tags", "consent_marketing", "joined_at", "age", "income",
        "home_ownership", "marital_status", "household_size", "household_comp", "kids_count",
    )  # fmt: skip
    _write_csv(folder / "members.csv", header, lines)
    return households


def _write_facts(connection: duckdb.DuckDBPyConnection, folder: Path, chosen: Sequence[int] | None) -> None:
    whose = "true" if chosen is None else f"household_id IN ({', '.join(str(number) for number in chosen)})"
    starts = f"TIMESTAMP '{year.campaign_starts().isoformat(sep=' ')}'"

    def copy(sql: str, name: str, where: str = "true") -> None:
        connection.execute(sql.format(where=where, path=str(folder / name).replace("'", "''")))

    copy(_PRODUCTS, "products.csv")
    for name, side in (("before", "<"), ("after", ">=")):
        copy(_LINES, f"orders-{name}.parquet", f"{whose} AND transaction_timestamp {side} {starts}")
        copy(_REDEMPTIONS, f"redemptions-{name}.csv", f"{whose} AND r.redemption_date {side} {starts}")


_CANDIDATES: Final = """
WITH usual AS (
    SELECT household_id, basket_id, row_number() OVER (PARTITION BY household_id ORDER BY hash(basket_id, $seed)) AS nth
    FROM baskets WHERE ts < $day AND amount_fen BETWEEN 3000 AND 12000 AND lines <= 20
)
SELECT u.household_id, u.nth, list((CAST(t.product_id AS VARCHAR), CAST(round(t.sales_value * 100) AS BIGINT)) ORDER BY t.product_id)
FROM usual AS u JOIN transactions AS t ON t.basket_id = u.basket_id
WHERE u.nth <= 3 GROUP BY ALL ORDER BY ALL
"""


Baskets = Mapping[int, Sequence[Sequence[plan.BasketLine]]]
"""Baskets by household."""


def usual_baskets(connection: duckdb.DuckDBPyConnection, seed: int) -> Baskets:
    """Up to three baskets of 30 to 120 yuan that each household really bought before the campaign."""
    found: dict[int, list[list[plan.BasketLine]]] = {}
    for household, _, lines in year.rows(connection, _CANDIDATES, {"day": year.campaign_starts(), "seed": seed}):
        found.setdefault(household, []).append([(ref, amount) for ref, amount in lines])
    return found
