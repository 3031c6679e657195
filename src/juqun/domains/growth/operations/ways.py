"""Making the channel's contact ways equal to the live codes: the row comes first, the call after, each repeatable."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.errors import WecomRefusedError
from juqun.domains.growth import rules
from juqun.domains.growth.events import LiveCodeChanged
from juqun.domains.growth.models import LiveCode
from juqun.domains.growth.types import CodeState
from juqun.kernel import clock, events

CLAIM_SECONDS = 60
CLOCKS_APART = timedelta(minutes=10)  # the channel's clock and ours need not agree


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """A contact way as it should be, whole."""

    version: int
    config_id: str
    state: str
    remark: str
    userids: tuple[str, ...]
    is_active: bool
    asked_at: datetime | None


def apply_live_code(*, live_code_id: int) -> bool:
    """Write a code to the channel; False when another worker is writing it just now.

    A refusal is stored with its reason and shown; everything else is raised, so that the job comes again. When an earlier
    call's answer was lost, or its worker was killed, the contact way is looked for by its state before another is made.
    """
    wish = _claim(live_code_id)
    if wish is None:
        return False
    if not wish.version:
        return True
    try:
        config_id, qr_code = _write(wish)
    except WecomRefusedError as refused:
        LiveCode.unscoped.filter(pk=live_code_id).update(
            status=CodeState.REFUSED, refusal=str(refused), claimed_until=None
        )
        return True
    except Exception:
        LiveCode.unscoped.filter(pk=live_code_id).update(claimed_until=None)
        raise
    _settle(live_code_id, wish, config_id, qr_code)
    return True


def _claim(live_code_id: int) -> _Wish | None:
    """Take a code for writing; None while another worker has it, version 0 when there is nothing to write."""
    wall = clock.wall()
    with transaction.atomic():
        code = (
            LiveCode.unscoped.select_for_update()
            .filter(Q(claimed_until__isnull=True) | Q(claimed_until__lt=wall), pk=live_code_id)
            .first()
        )
        if code is None:
            return None
        userids = tuple(code.staff.order_by("pk").values_list("staff__userid", flat=True))
        is_due = code.applied_version < code.wanted_version and (bool(userids) or not code.is_active)
        asked_at = code.asked_at
        if is_due:
            code.claimed_until = wall + timedelta(seconds=CLAIM_SECONDS)
            code.asked_at = asked_at or clock.now()
            code.save(update_fields=["claimed_until", "asked_at"])
        return _Wish(
            version=code.wanted_version if is_due else 0,
            config_id=code.config_id,
            state=code.state,
            remark=rules.remark(code.store.name, code.label),
            userids=userids,
            is_active=code.is_active,
            asked_at=asked_at,
        )


def _write(wish: _Wish) -> tuple[str, str | None]:
    """Create, overwrite or delete the contact way; returns its config_id and, when new, its QR picture's address."""
    config_id, qr_code = wish.config_id, None
    if not config_id and wish.asked_at is not None:
        found = wecom.find_contact_way(state=wish.state, created_since_at=wish.asked_at - CLOCKS_APART)
        if found is not None:
            config_id, qr_code = found.config_id, found.qr_code
    if not wish.is_active:
        if config_id:
            wecom.delete_contact_way(config_id=config_id)
        return "", ""
    if not config_id:
        way = wecom.create_contact_way(userids=wish.userids, state=wish.state, remark=wish.remark)
        return way.config_id, way.qr_code
    wecom.update_contact_way(config_id=config_id, userids=wish.userids, state=wish.state, remark=wish.remark)
    return config_id, qr_code


def _settle(live_code_id: int, wish: _Wish, config_id: str, qr_code: str | None) -> None:
    """Store what the channel took; ask again when the wish has changed meanwhile."""
    with transaction.atomic():
        code = LiveCode.unscoped.select_for_update().get(pk=live_code_id)
        code.config_id, code.refusal = config_id, ""
        code.applied_version, code.claimed_until = wish.version, None
        if qr_code is not None:
            code.qr_code = qr_code
        if code.wanted_version > wish.version:
            events.publish(LiveCodeChanged(live_code_id=live_code_id))
        elif code.is_active:
            code.status = CodeState.READY
        code.save(
            update_fields=["config_id", "qr_code", "refusal", "applied_version", "claimed_until", "status"],
        )
