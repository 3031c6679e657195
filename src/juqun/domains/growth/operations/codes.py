"""Live codes as people want them; the channel is made equal by a job (``ways``)."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.types import DriftKind
from juqun.domains.groups import queries as groups
from juqun.domains.groups.errors import GroupKindNotFoundError
from juqun.domains.growth import queries, rules
from juqun.domains.growth.errors import (
    LiveCodeNotFoundError,
    LiveCodeRetiredError,
    NotAStoreError,
    StaffCountError,
    WelcomeTextError,
)
from juqun.domains.growth.events import LiveCodeChanged
from juqun.domains.growth.models import LiveCode, LiveCodeStaff
from juqun.domains.growth.types import CodeState, LiveCodeView, SourceKind
from juqun.domains.org import queries as org
from juqun.domains.org.types import NodeKind, Role
from juqun.kernel import clock, events, ids
from juqun.kernel.scope import DataScope

STATE_PREFIX = "c"  # the channel's state tells us by its first letter what kind of thing it belongs to
STATE_LENGTH = 20  # 100 random bits: cannot be guessed, and fits the channel's 30 characters


def create_live_code(
    *,
    store_id: int,
    source: SourceKind,
    label: str,
    staff_ids: Sequence[int],
    welcome_text: str,
    kind_code: str | None = None,
    actor: str = "",
    at: datetime | None = None,
) -> LiveCodeView:
    """Create a code for a store and a source; its QR picture is there once the job has written it to the channel.

    ``kind_code`` names the kind of group that the welcome invites into, None the chain's default kind. Raises
    NotAStoreError, StaffCountError, WelcomeTextError, GroupKindNotFoundError, and NotFoundError of org for an unknown
    store.
    """
    store = org.get_node(scope=DataScope.whole_chain(), node_id=store_id)
    if store.kind != NodeKind.STORE:
        raise NotAStoreError(node_id=store_id)
    _check_text(welcome_text)
    _check_kind(kind_code)
    with transaction.atomic():
        staff = _active_staff(staff_ids)
        code = LiveCode.unscoped.create(
            state=STATE_PREFIX + ids.short_code(STATE_LENGTH),
            store_id=store_id,
            source=SourceKind(source),
            label=label,
            kind_code=kind_code or "",
            welcome_text=welcome_text,
            created_by=actor,
            created_at=at or clock.now(),
        )
        LiveCodeStaff.objects.bulk_create([LiveCodeStaff(live_code=code, staff_id=staff_id) for staff_id in staff])
        events.publish(LiveCodeChanged(live_code_id=code.pk))
    return queries.view_live_code(live_code_id=code.pk)


def update_live_code(
    *, live_code_id: int, label: str, staff_ids: Sequence[int], welcome_text: str, kind_code: str | None = None
) -> LiveCodeView:
    """Write a code anew; its picture and state stay, so what is printed keeps working.

    Raises LiveCodeNotFoundError, LiveCodeRetiredError, StaffCountError, WelcomeTextError, GroupKindNotFoundError.
    """
    _check_text(welcome_text)
    _check_kind(kind_code)
    with transaction.atomic():
        code = lock_code(live_code_id)
        if not code.is_active:
            raise LiveCodeRetiredError(live_code_id=live_code_id)
        staff = _active_staff(staff_ids)
        code.label, code.welcome_text, code.kind_code = label, welcome_text, kind_code or ""
        code.staff.all().delete()
        LiveCodeStaff.objects.bulk_create([LiveCodeStaff(live_code=code, staff_id=staff_id) for staff_id in staff])
        want(code, CodeState.PENDING)
    return queries.view_live_code(live_code_id=live_code_id)


def set_welcome_picture(*, live_code_id: int, filename: str, content: bytes | None, at: datetime) -> None:
    """Let a code's welcome carry a picture, or none any more (None). The picture is kept and uploaded before it is needed.

    Raises LiveCodeNotFoundError, LiveCodeRetiredError, and WecomLimitError for what WeCom does not take.
    """
    with transaction.atomic():
        code = lock_code(live_code_id)
        if not code.is_active:
            raise LiveCodeRetiredError(live_code_id=live_code_id)
        code.welcome_image = (
            "" if content is None else wecom.keep_media(kind="image", filename=filename, content=content, at=at)
        )
        code.save(update_fields=["welcome_image"])
        events.publish(LiveCodeChanged(live_code_id=code.pk))


def retire_live_code(*, live_code_id: int, at: datetime) -> LiveCodeView:
    """Withdraw a code: the channel forgets it, but whoever still comes with its state is counted. Twice is once.

    Raises LiveCodeNotFoundError.
    """
    with transaction.atomic():
        code = lock_code(live_code_id)
        if code.is_active:
            code.is_active, code.retired_at = False, at
            wecom.clear_drift(kind=DriftKind.CONTACT_WAY, key=str(code.pk), at=at)
            want(code, CodeState.RETIRED)
    return queries.view_live_code(live_code_id=live_code_id)


def replace_staff(*, staff_id: int) -> int:
    """Take somebody who left the company off all codes; returns how many codes.

    A code left with nobody gets the nearest person who may talk to customers: of its store, else of a node above it. If
    there is nobody, it is ``unstaffed``.
    """
    with transaction.atomic():
        code_ids = list(LiveCodeStaff.objects.filter(staff_id=staff_id).values_list("live_code_id", flat=True))
        LiveCodeStaff.objects.filter(staff_id=staff_id).delete()
        for code in LiveCode.unscoped.select_for_update().filter(pk__in=code_ids, is_active=True).order_by("pk"):
            if not code.staff.exists():
                _staff_anew(code, staff_id)
            want(code, CodeState.PENDING if code.staff.exists() else CodeState.UNSTAFFED)
    return len(code_ids)


def _staff_anew(code: LiveCode, left_id: int) -> None:
    near = (one.id for _tiers, one in org.list_staff_upwards(node_id=code.store_id) if one.role != Role.CASHIER)
    heir = next((pk for pk in near if pk != left_id), None)
    if heir is not None:
        LiveCodeStaff.objects.create(live_code=code, staff_id=heir)


def retry_refused(*, live_code_id: int) -> None:
    """Write a code to the channel once more after a refusal. Raises LiveCodeNotFoundError."""
    with transaction.atomic():
        code = lock_code(live_code_id)
        if code.status == CodeState.REFUSED:
            want(code, CodeState.PENDING if code.is_active else CodeState.RETIRED)


def lock_code(live_code_id: int) -> LiveCode:
    """Lock a code's row. Raises LiveCodeNotFoundError."""
    code = LiveCode.unscoped.select_for_update().filter(pk=live_code_id).first()
    if code is None:
        raise LiveCodeNotFoundError(live_code_id=live_code_id)
    return code


def want(code: LiveCode, status: CodeState) -> None:
    """Store a changed wish and say so. Runs inside the caller's transaction."""
    code.wanted_version += 1
    code.status = status
    code.save()
    events.publish(LiveCodeChanged(live_code_id=code.pk))


def _active_staff(staff_ids: Sequence[int]) -> list[int]:
    """Return the wanted staff who still work here, each once. Raises StaffCountError for none or too many."""
    scope = DataScope.whole_chain()
    wanted = dict.fromkeys(staff_ids)
    active = [staff_id for staff_id in wanted if org.get_staff(scope=scope, staff_id=staff_id).is_active]
    if not rules.is_staff_count_possible(len(active)):
        raise StaffCountError(count=len(active))
    return active


def _check_text(text: str) -> None:
    if not rules.is_welcome_possible(text):
        raise WelcomeTextError(byte_count=len(text.encode()))


def _check_kind(kind_code: str | None) -> None:
    if kind_code and kind_code not in {kind.code for kind in groups.list_kinds()}:
        raise GroupKindNotFoundError(kind_code=kind_code)
