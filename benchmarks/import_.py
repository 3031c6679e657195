"""Import of members into the database and of order lines into the lake, beside pandas doing the same jobs.

Both sides read the same CSV, check every value, set bad lines aside with their reason, and end with the rows stored: members
in SQLite with look-up keys, order lines in Parquet by month. Two ways of pandas for members: the same job (identities hashed
with a key and sealed, as the law on personal data wants them) is `ratio_pandas_members`, and `ratio_pandas_plain` leaves the
phone numbers readable. Ours is besides idempotent, finds members that are known already, and keeps the books of the run.

The data has the shape of a retailer's files and is drawn with a fixed seed; one line in a thousand is bad.

Usage: python benchmarks/import_.py [members] [order_lines]
"""

import hmac
import importlib
import importlib.util
import os
import random
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

FOLDER = Path(tempfile.mkdtemp(prefix="juqun-bench-"))
os.environ["JUQUN_DATA_DIR"] = str(FOLDER)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "juqun.config.settings")

import django  # noqa: E402

django.setup()

import pandas as pd  # noqa: E402
from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: E402
from django.core.management import call_command  # noqa: E402

from juqun.domains.members import operations as members  # noqa: E402
from juqun.domains.members import queries as member_queries  # noqa: E402
from juqun.domains.org import operations as org  # noqa: E402
from juqun.domains.org.types import NodeKind  # noqa: E402
from juqun.kernel.scope import DataScope  # noqa: E402

STORES = 457
SEED = 20260301
BAD_EVERY = 1000
MOBILE = r"(?:\+?86)?1[3-9]\d{9}"
COMMERCE = "juqun.domains.commerce"


def write_members(path: Path, count: int) -> int:
    """Write a members file; answers how many lines are bad."""
    draw = random.Random(SEED)
    with path.open("w", encoding="utf-8") as file:
        file.write("key,name,phone,store_code,gender,birth_year,tier,tags,consent_marketing,household_size\n")
        for i in range(count):
            phone = "12345" if i % BAD_EVERY == BAD_EVERY - 1 else f"138{i:08d}"
            gender, consent, tag = draw.choice("男女"), draw.choice(("1", "0", "")), draw.choice(("vip", "", "", ""))
            file.write(
                f"{100_000 + i},会员{i},{phone},S{draw.randrange(STORES):03d},{gender},{draw.randrange(1940, 2008)},"
                f"{draw.choice(('gold', 'silver', ''))},{tag},{consent},{draw.randrange(1, 6)}\n"
            )
    return count // BAD_EVERY


def write_orders(path: Path, count: int, member_count: int) -> int:
    """Write an order file of five lines an order over one year; answers how many lines are bad."""
    draw = random.Random(SEED)
    start = pd.Timestamp("2026-01-01 08:00:00")
    times = [(start + pd.Timedelta(minutes=draw.randrange(525_000))).isoformat(sep=" ") for _ in range(5_000)]
    with path.open("w", encoding="utf-8") as file:
        file.write(
            "order_ref,line_no,member_key,store_code,product_ref,quantity,amount_yuan,discount_yuan,coupon_yuan,paid_at\n"
        )
        for i in range(count):
            order, line = divmod(i, 5)
            member = order * 7 % member_count
            member -= member % BAD_EVERY == BAD_EVERY - 1  # whose own line was bad is nobody
            amount = "1.2.3" if i % BAD_EVERY == BAD_EVERY - 1 else f"{draw.randrange(1, 9900) / 100:.2f}"
            file.write(
                f"R{order},{line + 1},{100_000 + member},S{order % STORES:03d},{draw.randrange(80_000, 170_000)},"
                f"{draw.randrange(1, 4)},{amount},0.{draw.randrange(10, 99)},0,{times[order % len(times)]}\n"
            )
    return count // BAD_EVERY


def found_stores() -> None:
    """A chain with its stores, which both files name."""
    chain = org.create_chain(name="Bench")
    path = FOLDER / "tree.csv"
    city = org.add_node(parent_id=chain.id, kind=NodeKind.CITY, name="City", code="C1")
    lines = [f"S{i:03d},store,Store {i},{city.code}" for i in range(STORES)]
    path.write_text("code,kind,name,parent_code\n" + "\n".join(lines) + "\n")
    result = org.import_tree(path=path, actor="bench")
    if result.rows_ok != STORES:
        raise SystemExit(f"stores: {result}")


def seconds(work) -> float:
    """Wall seconds of `work`."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def ours_members(path: Path, good: int, bad: int) -> None:
    result = members.import_members(path=path, actor="bench")
    if (result.rows_ok, result.rows_rejected) != (good, bad):
        raise SystemExit(f"members: {result}")
    if member_queries.count_members(scope=DataScope.whole_chain()) != good:
        raise SystemExit("members: the database holds another number")


def pandas_members(path: Path, good: int, bad: int, *, is_sealed: bool) -> None:
    database = FOLDER / f"pandas-{is_sealed}.sqlite3"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    year = pd.to_numeric(frame["birth_year"], errors="coerce")
    stores = {f"S{i:03d}": i for i in range(STORES)}
    faults = {
        "phone": ~frame["phone"].str.fullmatch(MOBILE),
        "store_code": ~frame["store_code"].isin(stores),
        "birth_year": year.isna() | ~year.between(1900, 2100),
        "consent_marketing": ~frame["consent_marketing"].isin({"1", "0", ""}),
        "key": frame["key"].eq("") | frame["key"].duplicated(),
    }
    is_bad = pd.concat(faults, axis=1)
    rejected = frame[is_bad.any(axis=1)].copy()
    rejected["_reason"] = is_bad.loc[rejected.index].apply(lambda row: "; ".join(row.index[row]), axis=1)
    rejected.to_csv(FOLDER / "pandas-errors.csv")
    kept = frame[~is_bad.any(axis=1)].copy()
    kept["phone"] = "+86" + kept["phone"].str[-11:]
    kept["store_id"] = kept["store_code"].map(stores)
    kept["birth_year"] = year[kept.index].astype("int64")
    kept["gender"] = kept["gender"].map({"男": "male", "女": "female"})
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        kept.drop(columns=["phone", "tags", "store_code"]).to_sql("members", connection, index=False)
        identities = kept[["key", "phone", "key"]].set_axis(["member", "phone", "card"], axis=1)
        identities = identities.melt("member", var_name="kind", value_name="value")
        if is_sealed:
            key, cipher = os.urandom(32), AESGCM(os.urandom(32))
            identities["sealed"] = identities["value"].map(lambda value: seal(cipher, value))
            identities["value"] = (identities["kind"] + ":" + identities["value"]).map(
                lambda value: hmac.digest(key, value.encode(), "sha256")[:16]
            )
        identities.to_sql("identities", connection, index=False)
        kept.loc[kept["tags"] != "", ["key", "tags"]].to_sql("tags", connection, index=False)
        kept.loc[kept["consent_marketing"] != "", ["key", "consent_marketing"]].to_sql(
            "consents", connection, index=False
        )
        connection.execute("CREATE UNIQUE INDEX members_key ON members (key)")
        connection.execute("CREATE UNIQUE INDEX identities_value ON identities (value, kind)")
        connection.execute("CREATE INDEX identities_member ON identities (member)")
    if (len(kept), len(rejected)) != (good, bad):
        raise SystemExit(f"pandas members: {len(kept)} {len(rejected)}")


def seal(cipher: AESGCM, value: str) -> bytes:
    nonce = os.urandom(12)
    return nonce + cipher.encrypt(nonce, value.encode(), None)


def ours_orders(path: Path, good: int, bad: int) -> None:
    result = importlib.import_module(f"{COMMERCE}.operations").import_orders(path=path, actor="bench")
    if (result.rows_ok, result.rows_rejected) != (good, bad):
        raise SystemExit(f"orders: {result}")


def pandas_orders(path: Path, good: int, bad: int) -> None:
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    amounts = {
        name: pd.to_numeric(frame[name], errors="coerce") for name in ("amount_yuan", "discount_yuan", "coupon_yuan")
    }
    paid_at = pd.to_datetime(frame["paid_at"], format="%Y-%m-%d %H:%M:%S", errors="coerce")
    quantity = pd.to_numeric(frame["quantity"], errors="coerce")
    stores = {f"S{i:03d}": i for i in range(STORES)}
    is_bad = (
        paid_at.isna()
        | quantity.isna()
        | ~frame["store_code"].isin(stores)
        | frame.duplicated(["order_ref", "line_no"])
    )
    for amount in amounts.values():
        is_bad |= amount.isna()
    frame[is_bad].to_csv(FOLDER / "pandas-order-errors.csv")
    kept = frame.loc[~is_bad, ["order_ref", "line_no", "product_ref"]].copy()
    with sqlite3.connect(FOLDER / "pandas-True.sqlite3") as connection:
        known = pd.read_sql("SELECT key FROM members", connection)["key"]
    kept["member_id"] = frame["member_key"].map(pd.Series(range(len(known)), index=known)).fillna(-1).astype("int64")
    kept["store_id"] = frame["store_code"].map(stores)
    for name, amount in amounts.items():
        kept[name.replace("yuan", "fen")] = (amount * 100).round().reindex(kept.index).astype("int64")
    kept["ts"], kept["quantity"] = paid_at, quantity
    kept["month"] = kept["ts"].dt.strftime("%Y-%m")
    kept.to_parquet(FOLDER / "pandas-orders", partition_cols=["month"])
    if (len(kept), len(frame) - len(kept)) != (good, bad):
        raise SystemExit(f"pandas orders: {len(kept)}")


def main() -> None:
    """Run both halves and print the line of figures."""
    member_count, line_count = (int(given) for given in (sys.argv[1:] + ["100000", "1500000"][len(sys.argv) - 1 :]))
    call_command("migrate", verbosity=0)
    found_stores()
    path = FOLDER / "members.csv"
    bad = write_members(path, member_count)
    figures = {}
    plain = seconds(lambda: pandas_members(path, member_count - bad, bad, is_sealed=False))
    theirs = seconds(lambda: pandas_members(path, member_count - bad, bad, is_sealed=True))
    own = seconds(lambda: ours_members(path, member_count - bad, bad))
    figures["members_per_s"], figures["ratio_pandas_members"] = round(member_count / own), round(theirs / own, 2)
    figures["ratio_pandas_plain"] = round(plain / own, 2)
    again = seconds(lambda: members.import_members(path=path, actor="bench"))
    figures["known_members_per_s"] = round(member_count / again)
    if importlib.util.find_spec(COMMERCE) is not None:
        path = FOLDER / "orders.csv"
        bad = write_orders(path, line_count, member_count)
        theirs = seconds(lambda: pandas_orders(path, line_count - bad, bad))
        own = seconds(lambda: ours_orders(path, line_count - bad, bad))
        figures["order_lines_per_s"], figures["ratio_pandas_orders"] = round(line_count / own), round(theirs / own, 2)
    print("import: " + " ".join(f"{name}={value}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
