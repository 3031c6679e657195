"""People who join and leave."""

from datetime import datetime

from django.db import transaction

from juqun.domains.org import queries, rules
from juqun.domains.org.errors import (
    AccountNameTakenError,
    NodeNotFoundError,
    RolePlaceError,
    StaffNotFoundError,
    StaffUseridTakenError,
)
from juqun.domains.org.events import StaffJoined, StaffLeft
from juqun.domains.org.models import Account, OrgNode, Staff
from juqun.domains.org.types import NodeKind, Role, StaffView
from juqun.kernel import clock
from juqun.kernel.events import publish
from juqun.kernel.scope import DataScope


def add_staff(
    *,
    node_id: int,
    name: str,
    userid: str,
    role: Role,
    account_username: str | None = None,
    password: str | None = None,
) -> StaffView:
    """Enter a member of staff at a node, with a login when `account_username` is given.

    A login without `password` cannot be used until one is set. Raises NodeNotFoundError, RolePlaceError,
    StaffUseridTakenError and AccountNameTakenError.
    """
    with transaction.atomic():
        node = OrgNode.unscoped.select_for_update().filter(pk=node_id).first()
        if node is None:
            raise NodeNotFoundError(node=str(node_id))
        if not rules.may_work_at(Role(role), NodeKind(node.kind)):
            raise RolePlaceError(role=role, kind=node.kind)
        taken = Staff.unscoped.filter(userid=userid).first()
        if taken is not None:
            raise StaffUseridTakenError(userid=userid, name=taken.name)
        row = Staff.unscoped.create(
            node=node,
            name=name,
            userid=userid,
            role=Role(role),
            joined_at=clock.now(),
            account=_open_account(account_username, password, name) if account_username else None,
        )
        publish(StaffJoined(staff_id=row.pk))
    return queries.get_staff(scope=DataScope.whole_chain(), staff_id=row.pk)


def _open_account(username: str, password: str | None, name: str) -> Account:
    if Account.objects.filter(username=username).exists():
        raise AccountNameTakenError(username=username)
    account = Account(username=username, first_name=name[:150], is_staff=True)
    account.set_password(password)
    account.save()
    return account


def staff_left(*, staff_id: int, at: datetime, by_wecom: bool = False) -> bool:
    """Note that somebody left the company at `at` and close their login; False when it was known already.

    `by_wecom`: the address book says so, and may take it back (see `staff_returned`).
    Their customers stay with the company: the rooms above hear StaffLeft. Raises StaffNotFoundError.
    """
    with transaction.atomic():
        row = Staff.unscoped.select_for_update().filter(pk=staff_id).first()
        if row is None:
            raise StaffNotFoundError(staff=str(staff_id))
        if not row.is_active:
            return False
        row.is_active, row.left_at, row.left_by_wecom = False, at, by_wecom
        row.save(update_fields=["is_active", "left_at", "left_by_wecom"])
        if row.account_id is not None:
            Account.objects.filter(pk=row.account_id).update(is_active=False)
        publish(StaffLeft(staff_id=row.pk))
    return True


def staff_returned(*, staff_id: int, at: datetime) -> bool:
    """Note that somebody who had left works here again; False when they never left, or left later than `at`.

    Their login stays closed: whether they may see customers again is for people to decide. Raises StaffNotFoundError.
    """
    with transaction.atomic():
        row = Staff.unscoped.select_for_update().filter(pk=staff_id).first()
        if row is None:
            raise StaffNotFoundError(staff=str(staff_id))
        if row.is_active or (row.left_at is not None and row.left_at > at):
            return False
        row.is_active, row.left_at, row.left_by_wecom = True, None, False
        row.save(update_fields=["is_active", "left_at", "left_by_wecom"])
        publish(StaffJoined(staff_id=row.pk))
    return True
