"""The welcomes of groups: a kind's text in WeCom's library, made equal to what we want; attaching it is the owners' own doing.

WeCom's API cannot attach a template to a group and cannot tell where it is attached: owners do it in the client, and whoever saw
to it ticks the group here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom import queries as wecom_queries
from juqun.channels.wecom.errors import WecomError, WecomRefusedError
from juqun.channels.wecom.types import (
    Document,
    DriftChoice,
    DriftKind,
    ImageAttachment,
    LinkAttachment,
    Settlement,
    Verdict,
)
from juqun.domains.groups.errors import (
    GroupKindNotFoundError,
    GroupNotFoundError,
    GroupWelcomeLinkError,
    GroupWelcomeMissingError,
    GroupWelcomeTextError,
)
from juqun.domains.groups.events import GroupWelcomeChanged
from juqun.domains.groups.models import Group, GroupWelcome, Kind, WelcomeTick
from juqun.domains.groups.types import WelcomeState
from juqun.kernel import clock, events
from juqun.kernel.scope import DataScope

KIND = DriftKind.GROUP_WELCOME
CLAIM_SECONDS = 60
TITLE_BYTES, DESC_BYTES = 128, 512


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """A template as it should be, whole."""

    version: int
    template_id: str
    is_dropped: bool
    document: Mapping[str, Any]
    earlier: tuple[str, ...]
    image_hash: str

    def attachment(self) -> LinkAttachment | ImageAttachment | None:
        """The attachment as the channel takes it; a picture is uploaded if its upload is old. Calls WeCom."""
        given = self.document["attachment"]
        if given.get("kind") == "link":
            return LinkAttachment(title=given["title"], url=given["url"], desc=given["desc"])
        if given.get("kind") == "image":
            media_id = wecom.refresh_media(content_hash=self.image_hash, at=clock.now())
            return ImageAttachment(media_id=media_id) if media_id else None
        return None


def set_group_welcome(
    *,
    kind_id: int,
    text: str,
    link_title: str = "",
    link_url: str = "",
    link_desc: str = "",
    image: bytes | None = None,
    image_name: str = "",
    keeps_image: bool = False,
    actor: str,
    at: datetime,
) -> int:
    """Want a kind's groups to greet with a text and at most one attachment, a link or a picture (a picture wins); returns its id.

    Without a new picture the present one goes, unless `keeps_image`. A job writes it to WeCom's library.
    Raises GroupKindNotFoundError, GroupWelcomeTextError, GroupWelcomeLinkError, and
    WecomLimitError for a picture that WeCom does not take.
    """
    text = text.strip()
    if not 1 <= len(text.encode()) <= wecom.TEMPLATE_BYTES:
        raise GroupWelcomeTextError(byte_count=len(text.encode()))
    _check_link(link_title, link_url, link_desc)
    image_hash = ""
    if image is not None:
        image_hash = wecom.keep_media(kind="image", filename=image_name or "welcome.png", content=image, at=at)
    with transaction.atomic():
        kind = Kind.objects.select_for_update().filter(pk=kind_id).first()
        if kind is None:
            raise GroupKindNotFoundError(kind_code=str(kind_id))
        # locked: what a worker stores about its call just now (the template's id) must not be saved over
        row = GroupWelcome.objects.select_for_update().filter(kind=kind).first()
        row = row or GroupWelcome(kind=kind, wanted_version=0)
        row.image_hash = row.image_hash if keeps_image and not image_hash else image_hash
        link = ("", "", "") if row.image_hash else (link_title, link_url, link_desc)
        row.text, (row.link_title, row.link_url, row.link_desc) = text, link
        row.is_dropped, row.changed_by, row.changed_at = False, actor[:150], at
        _want(row)
    return row.pk


def drop_group_welcome(*, kind_id: int, actor: str, at: datetime) -> None:
    """Take a kind's welcome out of WeCom's library; groups that have it greet nobody any more. Twice is once."""
    with transaction.atomic():
        row = GroupWelcome.objects.select_for_update().filter(kind_id=kind_id, is_dropped=False).first()
        if row is not None:
            row.is_dropped, row.changed_by, row.changed_at = True, actor[:150], at
            wecom.clear_drift(kind=KIND, key=str(row.kind_id), at=at)
            _want(row)


def tick_group(*, scope: DataScope, group_id: int, is_ticked: bool, actor: str, at: datetime) -> None:
    """Note that a group's owner attached the welcome, or has not after all. Raises GroupNotFoundError, GroupWelcomeMissingError."""
    group = Group.objects.within(scope).filter(pk=group_id, dismissed_at__isnull=True).first()
    if group is None:
        raise GroupNotFoundError(group_id=group_id)
    row = GroupWelcome.objects.filter(kind_id=group.kind_id, is_dropped=False).exclude(template_id="").first()
    if row is None:
        raise GroupWelcomeMissingError
    if is_ticked:
        tick = WelcomeTick(group=group, template_id=row.template_id, ticked_by=actor[:150], ticked_at=at)
        WelcomeTick.objects.bulk_create([tick], ignore_conflicts=True)
    else:
        WelcomeTick.objects.filter(group=group, template_id=row.template_id).delete()


def apply_group_welcome(*, welcome_id: int, is_check: bool = False) -> bool:
    """Make a template equal to the welcome, or only compare it; False when another worker is at it just now. Calls WeCom.

    The library cannot be listed: a template whose making was answered, but whose answer was lost, stays there unused beside the
    one made by the next try.
    """
    wish = _claim(welcome_id, is_check=is_check)
    if wish is None:
        return False
    if not wish.version:
        return True
    try:
        template_id, settlement = _write(wish)
    except WecomRefusedError as refused:
        GroupWelcome.objects.filter(pk=welcome_id).update(
            state=WelcomeState.REFUSED, refusal=str(refused), claimed_until=None
        )
        return True
    except Exception:
        GroupWelcome.objects.filter(pk=welcome_id).update(claimed_until=None)
        raise
    _settle(welcome_id, wish, template_id, settlement)
    return True


def act_on_welcome_drift(*, drift_id: int, choice: DriftChoice, at: datetime) -> None:
    """Do what was decided about a template that somebody changed or deleted. Safe to repeat."""
    drift = wecom_queries.get_drift(drift_id=drift_id)
    with transaction.atomic():
        row = GroupWelcome.objects.select_for_update().filter(kind_id=int(drift.key), is_dropped=False).first()
        if row is None:
            return
        if choice is DriftChoice.IGNORE:
            if row.state == WelcomeState.DISPUTED:
                row.state, row.applied_version = WelcomeState.READY, row.wanted_version
                row.save(update_fields=["state", "applied_version"])
            return
        if drift.theirs is None:
            row.template_id = ""
            row.is_dropped = choice is DriftChoice.TAKE_THEIRS
        else:
            row.earlier = wecom.remember(earlier=row.earlier, mark=wecom.fingerprint(kind=KIND, document=drift.theirs))
            if choice is DriftChoice.TAKE_THEIRS and not _blocker(row, drift.theirs):
                _take(row, drift.theirs)
        row.changed_at = at
        _want(row)


def _take(row: GroupWelcome, theirs: Document) -> None:
    link = theirs["attachment"] if theirs["attachment"].get("kind") == "link" else {}
    row.text = theirs["text"]
    row.link_title, row.link_url, row.link_desc = link.get("title", ""), link.get("url", ""), link.get("desc", "")
    if theirs["attachment"].get("kind") != "image":
        row.image_hash = ""


def _blocker(row: GroupWelcome, theirs: Document | None) -> str:
    """Why theirs cannot be ours: "" when it can."""
    if theirs is None:
        return ""
    kind = theirs["attachment"].get("kind", "")
    if kind not in ("", "link", "image") or theirs["attachment"].get("picurl"):
        return "attachment"
    if kind == "image" and not row.image_hash:
        return "picture"
    return "" if theirs["text"] else "no_text"


def _want(row: GroupWelcome) -> None:
    """Store a changed wish and say so. Runs inside the caller's transaction."""
    row.wanted_version += 1
    row.state = WelcomeState.PENDING
    row.save()
    events.publish(GroupWelcomeChanged(welcome_id=row.pk))


def _document(row: GroupWelcome) -> dict[str, Any]:
    attachment: dict[str, str] = {}
    if row.image_hash:
        attachment = {"kind": "image"}
    elif row.link_url:
        attachment = {"kind": "link", "title": row.link_title, "url": row.link_url, "desc": row.link_desc}
    return {"text": row.text, "attachment": attachment}


def _claim(welcome_id: int, *, is_check: bool) -> _Wish | None:
    """Take a welcome for writing; None while another worker has it, version 0 when there is nothing to do."""
    wall = clock.wall()
    with transaction.atomic():
        free = Q(claimed_until__isnull=True) | Q(claimed_until__lt=wall)
        row = GroupWelcome.objects.select_for_update().filter(free, pk=welcome_id).first()
        if row is None:
            return None
        document, earlier = _document(row), tuple(row.earlier)
        is_due = row.applied_version < row.wanted_version or (is_check and bool(row.template_id))
        if is_due:
            row.claimed_until = wall + timedelta(seconds=CLAIM_SECONDS)
            row.earlier = wecom.remember(earlier=row.earlier, mark=wecom.fingerprint(kind=KIND, document=document))
            row.save(update_fields=["claimed_until", "earlier"])
        return _Wish(
            version=row.wanted_version if is_due else 0,
            template_id=row.template_id,
            is_dropped=row.is_dropped,
            document=document,
            earlier=earlier,
            image_hash=row.image_hash,
        )


def _write(wish: _Wish) -> tuple[str, Settlement | None]:
    """Create, overwrite or delete the template; returns its id and what was read back (None: not read)."""
    if wish.is_dropped:
        if wish.template_id:
            wecom.delete_welcome_template(template_id=wish.template_id)
        return "", None
    text = wish.document["text"]
    template_id, is_new = wish.template_id, not wish.template_id
    if is_new:
        template_id = wecom.add_welcome_template(text=text, attachment=wish.attachment())

    def read() -> Document | None:
        found = wecom.read_welcome_template(template_id=template_id)
        return None if found is None else found.document

    def write() -> None:
        wecom.edit_welcome_template(template_id=template_id, text=text, attachment=wish.attachment())

    try:
        settlement = wecom.settle_document(
            kind=KIND, wanted=wish.document, earlier=() if is_new else wish.earlier, read=read, write=write
        )
    except WecomError:
        if is_new:
            return template_id, None  # the id must be stored all the same; the night compares
        raise
    return template_id, None if is_new and settlement.verdict is Verdict.GONE else settlement


def _settle(welcome_id: int, wish: _Wish, template_id: str, settlement: Settlement | None) -> None:
    """Store what the channel took, or the difference; ask again when the wish has changed meanwhile."""
    now = clock.now()
    with transaction.atomic():
        row = GroupWelcome.objects.select_for_update().select_related("kind").get(pk=welcome_id)
        row.template_id, row.refusal, row.claimed_until, row.checked_at = template_id, "", None, now
        is_equal = settlement is None or settlement.verdict is Verdict.EQUAL
        is_left = False
        if settlement is None or is_equal:
            wecom.clear_drift(kind=KIND, key=str(row.kind_id), at=now)
        else:
            is_left = not wecom.note_drift(
                kind=KIND,
                key=str(row.kind_id),
                label=row.kind.name,
                ours=wish.document,
                theirs=settlement.found,
                blocker=_blocker(row, settlement.found),
                at=now,
            )
        if is_equal or is_left:
            row.applied_version = max(row.applied_version, wish.version)
        if row.wanted_version > wish.version:
            row.state = WelcomeState.PENDING
            events.publish(GroupWelcomeChanged(welcome_id=row.pk))
        else:
            row.state = WelcomeState.READY if is_equal or is_left else WelcomeState.DISPUTED
        row.save()


def _check_link(title: str, url: str, desc: str) -> None:
    if not (title or url or desc):
        return
    is_address = url.startswith(("https://", "http://")) and len(url.encode()) <= 2048
    if not is_address or not 1 <= len(title.encode()) <= TITLE_BYTES or len(desc.encode()) > DESC_BYTES:
        raise GroupWelcomeLinkError
