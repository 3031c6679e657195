"""The welcome: one attempt per welcome code, inside twenty seconds, its outcome known.

The channel itself takes a code once. That makes a repeated call safe and its refusal telling: "spent" after a call whose
answer was lost means that the call had got through.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.errors import (
    WecomBusyError,
    WecomError,
    WecomRefusedError,
    WecomUnknownOutcomeError,
    WelcomeSpentError,
)
from juqun.channels.wecom.types import ImageAttachment, LinkAttachment
from juqun.domains.groups import queries as groups
from juqun.domains.members import queries as members
from juqun.domains.members.types import IdentityKind
from juqun.domains.org import queries as org
from juqun.domains.robot import rules
from juqun.domains.robot.events import WelcomeSettled
from juqun.domains.robot.models import DefaultWelcome, PreparedWelcome, WelcomeAttempt
from juqun.domains.robot.operations.prepare import link_description, link_title
from juqun.domains.robot.types import WelcomeState
from juqun.kernel import clock, events
from juqun.kernel.scope import DataScope

CLAIM_SECONDS = 10
AGAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Content:
    """What will be said; ``live_code_id`` is None where the customer came without a code of ours."""

    text: str
    link: LinkAttachment | None
    store_id: int | None
    live_code_id: int | None
    media_id: str = ""

    @property
    def attachments(self) -> list[ImageAttachment | LinkAttachment]:
        """Picture first, then the way into the group."""
        picture = [ImageAttachment(media_id=self.media_id)] if self.media_id else []
        return [*picture, *([] if self.link is None else [self.link])]


def send_welcome(*, userid: str, external_userid: str, state: str, welcome_code: str, at: datetime) -> float | None:
    """Send the welcome of a friendship made at ``at``; returns the seconds after which to come again, None when settled.

    Called twice, or by two workers at once, it sends once. A welcome that is too late is not tried; one whose answer was
    lost is tried again with the same code, which the channel takes only once, so that the outcome becomes known.
    """
    attempt = _claim(userid, welcome_code, at)
    if attempt is None:
        return AGAIN_SECONDS
    if attempt.state != WelcomeState.SENDING:
        return None
    if rules.is_welcome_late(at=at, now=clock.now()):
        _settle(attempt, WelcomeState.UNKNOWN if attempt.maybe_sent else WelcomeState.LATE)
        return None
    content = _content(userid, external_userid, state)
    attempt.store_id, attempt.live_code_id = content.store_id, content.live_code_id
    if not content.text and not content.attachments:
        _settle(attempt, WelcomeState.NOTHING)
        return None
    return _send(attempt, welcome_code, content)


def _claim(userid: str, welcome_code: str, at: datetime) -> WelcomeAttempt | None:
    """Take the code's attempt; None while another worker has it."""
    wall = clock.wall()
    key = rules.code_hash(welcome_code)
    with transaction.atomic():
        WelcomeAttempt.unscoped.bulk_create(
            [WelcomeAttempt(code_hash=key, userid=userid, at=at)], ignore_conflicts=True
        )
        attempt = (
            WelcomeAttempt.unscoped.select_for_update()
            .filter(Q(claimed_until__isnull=True) | Q(claimed_until__lt=wall), code_hash=key)
            .first()
        )
        if attempt is not None and attempt.state == WelcomeState.SENDING:
            attempt.tries += 1
            attempt.claimed_until = wall + timedelta(seconds=CLAIM_SECONDS)
            attempt.save(update_fields=["tries", "claimed_until"])
        return attempt


def _send(attempt: WelcomeAttempt, welcome_code: str, content: _Content) -> float | None:
    was_maybe_sent = attempt.maybe_sent
    WelcomeAttempt.unscoped.filter(pk=attempt.pk).update(maybe_sent=True)
    try:
        wecom.send_welcome(
            welcome_code=welcome_code,
            text=content.text,
            attachments=content.attachments,
        )
    except WelcomeSpentError as spent:
        if was_maybe_sent:
            _settle(attempt, WelcomeState.SENT)
        else:
            _settle(attempt, WelcomeState.REFUSED, str(spent))
    except WecomRefusedError as refused:
        _settle(attempt, WelcomeState.REFUSED, str(refused))
    except WecomUnknownOutcomeError:
        WelcomeAttempt.unscoped.filter(pk=attempt.pk).update(claimed_until=None)
        return AGAIN_SECONDS
    except WecomError as error:
        WelcomeAttempt.unscoped.filter(pk=attempt.pk).update(claimed_until=None, maybe_sent=was_maybe_sent)
        return min(error.seconds, AGAIN_SECONDS) if isinstance(error, WecomBusyError) else AGAIN_SECONDS
    else:
        _settle(attempt, WelcomeState.SENT)
    return None


def _settle(attempt: WelcomeAttempt, state: WelcomeState, refusal: str = "") -> None:
    now = clock.now()
    with transaction.atomic():
        settled = WelcomeAttempt.unscoped.filter(pk=attempt.pk, state=WelcomeState.SENDING).update(
            state=state,
            refusal=refusal,
            claimed_until=None,
            maybe_sent=False,
            settled_at=now,
            latency_ms=max(0, round((now - attempt.at).total_seconds() * 1000)),
            store_id=attempt.store_id,
            live_code_id=attempt.live_code_id,
        )
        if settled:
            events.publish(WelcomeSettled(attempt_id=attempt.pk, state=state.value, at=now))


def _content(userid: str, external_userid: str, state: str) -> _Content:
    """Return what to say: prepared for the code that was scanned, else the default of the staff member's store."""
    prepared = PreparedWelcome.unscoped.filter(state=state).first() if state else None
    if prepared is not None:
        link = _link(prepared.link_title, prepared.link_url, prepared.link_description)
        text = prepared.text or _default_text(prepared.store_id)
        return _Content(
            text=_with_nickname(text, external_userid),
            link=link,
            store_id=prepared.store_id,
            live_code_id=prepared.live_code_id,
            media_id=_media_id(prepared.image_hash),
        )
    staff = org.get_staff_by_userid(userid=userid)
    if staff is None:
        return _Content(
            text=_with_nickname(_default_text(None), external_userid), link=None, store_id=None, live_code_id=None
        )
    entry = groups.get_default_entry(store_id=staff.node_id)
    link = None if entry is None else _link(link_title(staff.node_name, entry.kind_name), entry.url, link_description())
    text = _with_nickname(_default_text(staff.node_id), external_userid)
    return _Content(text=text, link=link, store_id=staff.node_id, live_code_id=None)


def _link(title: str, url: str, description: str) -> LinkAttachment | None:
    return LinkAttachment(title=title, url=url, desc=description) if url else None


def _media_id(image_hash: str) -> str:
    """The picture's living upload; without one the welcome goes without it, for nothing is uploaded inside the 20 seconds."""
    return wecom.media_id_of(content_hash=image_hash, at=clock.now()) if image_hash else ""


def _default_text(store_id: int | None) -> str:
    found = DefaultWelcome.unscoped.filter(Q(store_id=store_id, is_chains=False) | Q(is_chains=True))
    texts = list(found.order_by("is_chains").values_list("text", flat=True))
    return texts[0] if texts else ""


def _with_nickname(text: str, external_userid: str) -> str:
    """Put the customer's name in, if the text wants it: ours if the member is known, else one look-up in the channel.

    A name is never worth a welcome: whatever goes wrong, it is left out.
    """
    if rules.NICKNAME not in text:
        return text
    member_id = members.find_member_id(kind=IdentityKind.EXTERNAL_USERID, value=external_userid)
    if member_id is not None:
        name = members.get_member(scope=DataScope.whole_chain(), member_id=member_id).display_name
    else:
        try:
            name = wecom.get_contact(external_userid=external_userid).name
        except WecomError:
            name = ""
    return rules.fill_nickname(text, name)
