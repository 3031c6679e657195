"""Contact ways that somebody changed or deleted in WeCom: what is kept of it, and what each decision does."""

from datetime import datetime

from django.db import transaction

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom import queries as wecom_queries
from juqun.channels.wecom.types import Document, DriftChoice, DriftKind
from juqun.domains.growth import rules
from juqun.domains.growth.models import LiveCode, LiveCodeStaff
from juqun.domains.growth.operations.codes import lock_code, retire_live_code, want
from juqun.domains.growth.types import CodeState
from juqun.domains.org import queries as org

KIND = DriftKind.CONTACT_WAY


def note(code: LiveCode, ours: Document, theirs: Document | None, *, at: datetime) -> bool:
    """Keep a difference for a person; False when it was decided to be left as it is. Inside the caller's transaction."""
    return wecom.note_drift(
        kind=KIND,
        key=str(code.pk),
        label=f"{code.store.name} · {code.label or code.state}",
        ours=ours,
        theirs=theirs,
        blocker=_blocker(code, theirs),
        at=at,
    )


def act_on_drift(*, drift_id: int, choice: DriftChoice, at: datetime) -> None:
    """Do what was decided about a contact way. Safe to repeat.

    Ours put back: the document that was looked at may be overwritten; one changed again meanwhile is a new difference. A deleted
    way is made anew, with another picture. Theirs taken: the code becomes what WeCom has; a deleted way retires the code.
    """
    drift = wecom_queries.get_drift(drift_id=drift_id)
    if drift.theirs is None and choice is DriftChoice.TAKE_THEIRS:
        retire_live_code(live_code_id=int(drift.key), at=at)
        return
    with transaction.atomic():
        code = lock_code(int(drift.key))
        if not code.is_active:
            return
        if choice is DriftChoice.IGNORE:
            if code.status == CodeState.DISPUTED:
                code.status, code.applied_version = CodeState.READY, code.wanted_version
                code.save(update_fields=["status", "applied_version"])
            return
        if drift.theirs is None:
            code.config_id = code.qr_code = ""
            code.asked_at = None
        elif choice is DriftChoice.TAKE_THEIRS:
            _take(code, drift.theirs)
        if drift.theirs is not None:
            mark = wecom.fingerprint(kind=KIND, document=drift.theirs)
            code.earlier = wecom.remember(earlier=code.earlier, mark=mark)
        want(code, CodeState.PENDING if code.staff.exists() else CodeState.UNSTAFFED)


def _take(code: LiveCode, theirs: Document) -> None:
    """Make the code what WeCom has; what cannot be held any more (somebody left meanwhile) stays ours and will differ again."""
    if _blocker(code, theirs):
        return
    normal = wecom.normalise_document(kind=KIND, document=theirs)
    people = [org.get_staff_by_userid(userid=userid) for userid in theirs["users"]]
    code.staff.all().delete()
    LiveCodeStaff.objects.bulk_create(
        [LiveCodeStaff(live_code=code, staff_id=person.id) for person in people if person is not None]
    )
    computed = rules.remark(code.store.name, code.label)
    code.remark = "" if normal["remark"] == computed else normal["remark"]
    code.skip_verify = normal["skip_verify"]


def _blocker(code: LiveCode, theirs: Document | None) -> str:
    """Why theirs cannot be ours: "" when it can."""
    if theirs is None:
        return ""
    if theirs.get("state") != code.state:
        return "state"
    if theirs.get("parties"):
        return "parties"
    if not theirs.get("remark"):
        return "no_remark"
    people = [org.get_staff_by_userid(userid=userid) for userid in theirs.get("users") or ()]
    if not people:
        return "nobody"
    return "" if all(person is not None and person.is_active for person in people) else "unknown_staff"
