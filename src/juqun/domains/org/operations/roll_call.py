"""The staff as WeCom's address book shows them: who is there again, who is there no more."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from juqun.channels.wecom.types import FindingKind, SyncFinding, SyncTaken
from juqun.domains.org.models import Staff
from juqun.domains.org.operations.staff import staff_left, staff_returned

NOT_AMONG_STAFF = "not_among_staff"
NOT_IN_WECOM = "60111"


def take_up_staff(*, userids: Sequence[str], at: datetime, findings: Sequence[SyncFinding] = ()) -> SyncTaken:
    """Note who is in the address book: whoever left by WeCom's word and is there has returned, and may leave by it later.

    `findings`: what the reading met already. People whom nobody entered are set aside:
    WeCom does not know at which store they work. Call it inside a transaction.
    """
    rows = {row.userid: row for row in Staff.unscoped.filter(userid__in=userids)}
    Staff.unscoped.filter(userid__in=userids, was_in_wecom=False).update(was_in_wecom=True)
    found = list(findings)
    for userid in userids:
        row = rows.get(userid)
        if row is None:
            found.append(SyncFinding(kind=FindingKind.REFUSED, subject=userid, code=NOT_AMONG_STAFF))
        elif not row.is_active and row.left_by_wecom and staff_returned(staff_id=row.pk, at=at):
            found.append(SyncFinding(kind=FindingKind.ADDED, subject=userid))
    added = sum(finding.kind is FindingKind.ADDED for finding in found)
    seen = "\n".join(userids).encode()
    return SyncTaken(checked=len(userids), added=added, findings=tuple(found), seen=seen)


def missing_staff(*, seen: Iterable[bytes]) -> list[str]:
    """The userids of active staff whom a whole reading (`seen` of `take_up_staff`) did not show, in order."""
    there = {userid for page in seen for userid in page.decode().split("\n")}
    active = Staff.unscoped.filter(is_active=True).values_list("userid", flat=True)
    return sorted(set(active) - there)


def end_missing_staff(*, userid: str, at: datetime) -> SyncTaken:
    """Note that somebody is in the address book no more; who never was stays, with their login, and is told of."""
    row = Staff.unscoped.filter(userid=userid, is_active=True).first()
    if row is not None and not row.was_in_wecom:
        return SyncTaken(findings=(SyncFinding(kind=FindingKind.REFUSED, subject=userid, code=NOT_IN_WECOM),))
    if row is None or not staff_left(staff_id=row.pk, at=at, by_wecom=True):
        return SyncTaken()
    return SyncTaken(lost=1, findings=(SyncFinding(kind=FindingKind.LOST, subject=userid),))
