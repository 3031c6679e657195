"""Making the channel's contact ways equal to the live codes: the row comes first, the call after, each repeatable.

A contact way is one whole document. It is read before it is written and read back after: what somebody changed by hand in WeCom is
kept as a difference for a person (see ``drifts``) and is never overwritten unasked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.errors import WecomError, WecomRefusedError
from juqun.channels.wecom.types import Document, DriftKind, Settlement, Verdict
from juqun.domains.growth import rules
from juqun.domains.growth.events import LiveCodeChanged
from juqun.domains.growth.models import LiveCode
from juqun.domains.growth.operations import drifts
from juqun.domains.growth.types import CodeState
from juqun.kernel import clock, events

KIND = DriftKind.CONTACT_WAY
CLAIM_SECONDS = 60
CLOCKS_APART = timedelta(minutes=10)  # the channel's clock and ours need not agree


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """A contact way as it should be, whole; ``earlier`` are the documents over which it may be written."""

    version: int
    config_id: str
    document: Mapping[str, Any]
    earlier: tuple[str, ...]
    is_active: bool
    asked_at: datetime | None

    @property
    def fields(self) -> dict[str, Any]:
        """The document as the channel's calls take it."""
        return {
            "userids": self.document["users"],
            "state": self.document["state"],
            "remark": self.document["remark"],
            "skip_verify": self.document["skip_verify"],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """What the channel has now; ``qr_code`` is None where it stays as it was."""

    config_id: str
    qr_code: str | None
    settlement: Settlement | None


def apply_live_code(*, live_code_id: int, is_check: bool = False) -> bool:
    """Make a code's contact way equal to it; False when another worker is at it just now.

    With ``is_check`` the way is read and compared also when everything was written. A refusal is stored with its reason and
    shown; everything else is raised, so that the job comes again. When an earlier call's answer was lost, or its worker was
    killed, the contact way is looked for by its state before another is made.
    """
    wish = _claim(live_code_id, is_check=is_check)
    if wish is None:
        return False
    if not wish.version:
        return True
    try:
        written = _write(wish)
    except WecomRefusedError as refused:
        LiveCode.unscoped.filter(pk=live_code_id).update(
            status=CodeState.REFUSED, refusal=str(refused), claimed_until=None
        )
        return True
    except Exception:
        LiveCode.unscoped.filter(pk=live_code_id).update(claimed_until=None)
        raise
    _settle(live_code_id, wish, written)
    return True


def document_of(code: LiveCode) -> dict[str, Any]:
    """The whole contact way that a code wants."""
    return {
        "users": list(code.staff.order_by("pk").values_list("staff__userid", flat=True)),
        "parties": [],
        "remark": code.remark or rules.remark(code.store.name, code.label),
        "state": code.state,
        "skip_verify": code.skip_verify,
    }


def _claim(live_code_id: int, *, is_check: bool) -> _Wish | None:
    """Take a code for writing; None while another worker has it, version 0 when there is nothing to do."""
    wall = clock.wall()
    with transaction.atomic():
        code = (
            LiveCode.unscoped.select_for_update()
            .filter(Q(claimed_until__isnull=True) | Q(claimed_until__lt=wall), pk=live_code_id)
            .first()
        )
        if code is None:
            return None
        document = document_of(code)
        is_possible = bool(document["users"]) or not code.is_active
        is_written = bool(code.config_id) and code.is_active
        is_due = is_possible and (code.applied_version < code.wanted_version or (is_check and is_written))
        asked_at = code.asked_at
        earlier = tuple(code.earlier)
        if is_due:
            code.claimed_until = wall + timedelta(seconds=CLAIM_SECONDS)
            code.asked_at = asked_at or clock.now()
            # before the call: should its answer be lost, what it left behind is known as ours
            mark = wecom.fingerprint(kind=KIND, document=document)
            code.earlier = wecom.remember(earlier=code.earlier, mark=mark)
            code.save(update_fields=["claimed_until", "asked_at", "earlier"])
        return _Wish(
            version=code.wanted_version if is_due else 0,
            config_id=code.config_id,
            document=document,
            earlier=earlier,
            is_active=code.is_active,
            asked_at=asked_at,
        )


def _write(wish: _Wish) -> _Written:
    """Create, overwrite or delete the contact way, or find that it is not ours to overwrite."""
    config_id, qr_code = wish.config_id, None
    if not config_id and wish.asked_at is not None:
        found = wecom.find_contact_way(state=wish.document["state"], created_since_at=wish.asked_at - CLOCKS_APART)
        if found is not None:
            config_id, qr_code = found.config_id, found.qr_code
    if not wish.is_active:
        if config_id:
            wecom.delete_contact_way(config_id=config_id)
        return _Written(config_id="", qr_code="", settlement=None)
    if not config_id:
        way = wecom.create_contact_way(**wish.fields)
        return _Written(config_id=way.config_id, qr_code=way.qr_code, settlement=_read_back(wish, way.config_id))
    settlement = wecom.settle_document(
        kind=KIND,
        wanted=wish.document,
        earlier=wish.earlier,
        read=lambda: _read(config_id),
        write=lambda: wecom.update_contact_way(config_id=config_id, **wish.fields),
    )
    return _Written(config_id=config_id, qr_code=qr_code, settlement=settlement)


def _read_back(wish: _Wish, config_id: str) -> Settlement | None:
    """Compare a way just made; None when it cannot be read now: its config_id must be stored all the same, the night compares."""
    try:
        settlement = wecom.settle_document(
            kind=KIND, wanted=wish.document, earlier=(), read=lambda: _read(config_id), write=lambda: None
        )
    except WecomError:
        return None
    return None if settlement.verdict is Verdict.GONE else settlement


def _read(config_id: str) -> Document | None:
    way = wecom.read_contact_way(config_id=config_id)
    return None if way is None else way.document


def _settle(live_code_id: int, wish: _Wish, written: _Written) -> None:
    """Store what the channel took, or the difference; ask again when the wish has changed meanwhile."""
    now = clock.now()
    with transaction.atomic():
        code = LiveCode.unscoped.select_for_update().get(pk=live_code_id)
        code.config_id, code.refusal, code.claimed_until = written.config_id, "", None
        if written.qr_code is not None:
            code.qr_code = written.qr_code
        code.checked_at = now
        settlement = written.settlement
        is_equal = settlement is None or settlement.verdict is Verdict.EQUAL
        is_left = False
        if code.is_active and settlement is not None and not is_equal:
            is_left = not drifts.note(code, wish.document, settlement.found, at=now)
        else:
            wecom.clear_drift(kind=KIND, key=str(code.pk), at=now)
        if is_equal or is_left:
            code.applied_version = max(code.applied_version, wish.version)
        if code.wanted_version > wish.version:
            events.publish(LiveCodeChanged(live_code_id=live_code_id))
        elif code.is_active:
            code.status = CodeState.READY if is_equal or is_left else CodeState.DISPUTED
        code.save(
            update_fields=[
                "config_id",
                "qr_code",
                "refusal",
                "applied_version",
                "claimed_until",
                "checked_at",
                "status",
            ],
        )
