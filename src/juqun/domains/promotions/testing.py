"""Factories for tests of the rooms above."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from juqun.domains.promotions import operations
from juqun.domains.promotions.types import CouponKind, CouponView


def make_template(
    *,
    at: datetime,
    amount_fen: int = 500,
    threshold_fen: int = 2_000,
    store_id: int | None = None,
    total: int = 100,
    per_member: int = 1,
    days: int = 30,
    budget_fen: int | None = None,
) -> int:
    return operations.create_template(
        name="5 off 20",
        kind=CouponKind.AMOUNT,
        amount_fen=amount_fen,
        threshold_fen=threshold_fen,
        store_id=store_id,
        valid_from=at - timedelta(days=1),
        valid_until=at + timedelta(days=days),
        total=total,
        per_member=per_member,
        budget_fen=budget_fen,
        actor="test",
    )


def give_coupon(*, template_id: int, member_id: int, at: datetime, intent_key: str | None = None) -> CouponView:
    return operations.issue_coupon(
        template_id=template_id,
        member_id=member_id,
        source="test",
        intent_key=intent_key or f"test:{template_id}:{member_id}",
        at=at,
    )


def race(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run the calls at the same moment, one thread each; answers or raised exceptions, in the order of the calls."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            return call()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
