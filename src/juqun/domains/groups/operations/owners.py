"""Groups and ways in get another owner when the present one leaves or changes."""

from django.db import transaction

from juqun.domains.groups.models import Entry, Group
from juqun.domains.groups.operations import plans
from juqun.domains.org import queries as org
from juqun.domains.org.types import Role
from juqun.kernel.scope import DataScope


def hand_over_group(*, group_id: int, to_staff_id: int) -> bool:
    """Note that WeCom made somebody else the owner of a group; False when that was known or the group is gone.

    The way in that leads to the group follows, unless its owner still works here and was not this group's owner. Raises
    StaffNotFoundError of org.
    """
    taker = org.get_staff(scope=DataScope.whole_chain(), staff_id=to_staff_id)
    with transaction.atomic():
        group = Group.unscoped.select_for_update().filter(pk=group_id, dismissed_at__isnull=True).first()
        if group is None or group.owner_staff_id == taker.id:
            return False
        before, group.owner_staff_id, group.owner_userid = group.owner_staff_id, taker.id, taker.userid
        group.save(update_fields=["owner_staff", "owner_userid"])
        if group.entry_id is None:
            return True
        entry = Entry.unscoped.select_for_update(of=("self",)).select_related("owner_staff").get(pk=group.entry_id)
        if entry.owner_staff_id == before or not entry.owner_staff.is_active:
            _own(entry, taker.id)
    return True


def replace_owner(*, staff_id: int) -> int:
    """Give the ways in of somebody who left to the nearest person who may own groups; returns how many.

    The groups themselves stay with who left until WeCom hands them over. A way in for which nobody is there keeps its owner.
    """
    with transaction.atomic():
        moved = 0
        for entry in Entry.unscoped.select_for_update().filter(owner_staff_id=staff_id).order_by("pk"):
            near = (
                one.id for _tiers, one in org.list_staff_upwards(node_id=entry.store_id) if one.role != Role.CASHIER
            )
            heir = next((pk for pk in near if pk != staff_id), None)
            if heir is not None:
                _own(entry, heir)
                moved += 1
        return moved


def _own(entry: Entry, staff_id: int) -> None:
    """The document for the channel does not name the owner, so only the row changes."""
    entry.owner_staff_id = staff_id
    entry.save(update_fields=["owner_staff"])
    plans.ask_again(entry_id=entry.pk)
