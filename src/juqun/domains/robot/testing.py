"""Plain factories for tests of rooms above: a customer-service account with a conversation that waits in the pool."""

from datetime import datetime

from juqun.channels.wecom.types import KfState
from juqun.domains.robot import operations
from juqun.domains.robot.models import ServiceMessage, ServiceServicer, ServiceSession
from juqun.domains.robot.types import MessageOutcome, ServicerStatus
from juqun.kernel.secrets import keyed_hash, seal


def make_conversation(
    *, open_kfid: str, store_id: int, at: datetime, text: str, member_id: int | None = None, name: str = ""
) -> tuple[int, int]:
    """Make an account of a store with one servicer and one customer who waits; returns the ids of account and session."""
    account_id = operations.set_service_account(open_kfid=open_kfid, name=name, store_id=store_id)
    key, sealed = keyed_hash("kf_customer", f"wm {open_kfid}"), seal(f"wm {open_kfid}")
    session = ServiceSession.unscoped.create(
        account_id=account_id,
        customer_key=key,
        external_userid=sealed,
        member_id=member_id,
        state=KfState.POOL,
        state_at=at,
        last_customer_at=at,
    )
    ServiceMessage.unscoped.create(
        account_id=account_id,
        msgid="m1",
        customer_key=key,
        external_userid=sealed,
        text=seal(text),
        member_id=member_id,
        at=at,
        is_customers=True,
        outcome=MessageOutcome.HANDED,
    )
    ServiceServicer.unscoped.create(account_id=account_id, userid="wang", status=ServicerStatus.SERVING, seen_at=at)
    return account_id, session.pk
