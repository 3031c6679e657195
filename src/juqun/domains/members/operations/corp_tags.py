"""WeCom's corp tags as desired state: which words of members are tags there, and what became of them in WeCom."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom import queries as wecom_queries
from juqun.channels.wecom.errors import WecomRefusedError
from juqun.channels.wecom.types import CorpTag, DriftChoice, DriftKind
from juqun.domains.members.errors import (
    ManagedTagLimitError,
    ManagedTagNameError,
    ManagedTagNotFoundError,
    ManagedTagTakenError,
    ManagedWordTakenError,
)
from juqun.domains.members.events import ManagedTagChanged, ManagedTagReady
from juqun.domains.members.models import ManagedTag, TagMark
from juqun.domains.members.types import TagReading, TagState
from juqun.kernel import clock
from juqun.kernel.events import publish

KIND = DriftKind.CORP_TAG
MAX_NAME = 30
OURS, THEIRS = "juqun", "wecom"


def add_managed_tag(*, group_name: str, name: str, word: str = "", at: datetime) -> int:
    """Want a corp tag for the members' tag `word` (by default its own name); a job makes it in WeCom, or finds it there.

    Raises ManagedTagNameError, ManagedWordTakenError, ManagedTagTakenError.
    """
    group_name, name, word = group_name.strip(), name.strip(), (word.strip() or name.strip())[:64]
    _check_names(group_name, name)
    with transaction.atomic():
        _check_word(word)
        same = ManagedTag.objects.filter(group_name=group_name, name=name, is_managed=True).first()
        if same is not None:
            raise ManagedTagTakenError(name=name, word=same.word)
        tag = ManagedTag.objects.create(
            group_name=group_name,
            name=name,
            word=word,
            source=OURS,
            is_managed=True,
            state=TagState.PENDING,
            created_at=at,
        )
        publish(ManagedTagChanged(tag_id=tag.pk))
    return tag.pk


def manage_tag(*, tag_id: int, word: str = "") -> None:
    """Let a tag that was made in WeCom stand for a word of members, both ways. Raises ManagedTagNotFoundError, ManagedWordTakenError."""
    with transaction.atomic():
        tag = _lock(tag_id)
        if tag.is_managed:
            return
        tag.word, tag.is_managed = (word.strip() or tag.name)[:64], True
        _check_word(tag.word)
        tag.save()
        publish(ManagedTagReady(tag_id=tag.pk))


def unmanage_tag(*, tag_id: int) -> None:
    """Leave a tag to WeCom from now on: marks there and words here stay as they are. Raises ManagedTagNotFoundError."""
    with transaction.atomic():
        tag = _lock(tag_id)
        TagMark.objects.filter(tag=tag).delete()
        wecom.clear_drift(kind=KIND, key=str(tag.pk), at=clock.now())
        if not tag.remote_id or tag.state == TagState.DISPUTED:
            tag.delete()
            return
        tag.is_managed, tag.word = False, ""
        tag.save(update_fields=["is_managed", "word"])


def rename_tag(*, tag_id: int, name: str) -> None:
    """Want another name in WeCom; the members' word stays. Raises ManagedTagNotFoundError, ManagedTagNameError."""
    with transaction.atomic():
        tag = _lock(tag_id)
        _check_names(tag.group_name, name.strip())
        tag.name, tag.state = name.strip(), TagState.PENDING
        tag.save(update_fields=["name", "state"])
        publish(ManagedTagChanged(tag_id=tag.pk))


def retry_tag(*, tag_id: int) -> None:
    """Write a refused tag, and push its refused marks, once more. Raises ManagedTagNotFoundError."""
    with transaction.atomic():
        tag = _lock(tag_id)
        TagMark.objects.filter(tag=tag).exclude(refusal="").update(refusal="", is_pending=True)
        if tag.state == TagState.REFUSED:
            tag.state = TagState.PENDING
            tag.save(update_fields=["state"])
        publish(ManagedTagChanged(tag_id=tag.pk))


def apply_corp_tag(*, tag_id: int) -> None:
    """Make one wanted tag in WeCom, or rename it there. Calls WeCom; safe to repeat and beside itself.

    The limit of tags is looked at before. A refusal is stored with its reason and shown; everything else is raised.
    """
    tag = ManagedTag.objects.filter(pk=tag_id, is_managed=True).first()
    if tag is None or tag.state == TagState.DISPUTED:
        return
    try:
        remote = _write(tag)
    except (WecomRefusedError, ManagedTagLimitError) as refused:
        ManagedTag.objects.filter(pk=tag_id, name=tag.name).update(state=TagState.REFUSED, refusal=str(refused))
        return
    with transaction.atomic():
        ManagedTag.objects.filter(
            remote_id=remote.id, is_managed=False
        ).delete()  # a reading was faster than this answer
        ManagedTag.objects.filter(pk=tag_id, name=tag.name).update(
            remote_id=remote.id, state=TagState.READY, refusal="", checked_at=clock.now()
        )
        publish(ManagedTagReady(tag_id=tag_id))


def _write(tag: ManagedTag) -> CorpTag:
    known = wecom.list_corp_tags()
    if tag.remote_id:
        found = next((one for one in known if one.id == tag.remote_id), None)
        if found is not None and found.name != tag.name:
            wecom.edit_corp_tag(tag_id=tag.remote_id, name=tag.name, order=found.order)
        if found is not None:
            return found
    here = next((one for one in known if (one.group_name, one.name) == (tag.group_name, tag.name)), None)
    if here is not None:
        return here
    limit = settings.JUQUN_WECOM_TAG_LIMIT
    if len(known) >= limit:
        raise ManagedTagLimitError(count=len(known), limit=limit)
    return wecom.add_corp_tag(group_name=tag.group_name, name=tag.name)


def read_corp_tags(*, at: datetime) -> TagReading:
    """Read WeCom's tags whole and follow them: names and orders go by the id, new ones become known, a managed one that is gone is
    a difference for a person. One call."""
    asked = set(ManagedTag.objects.exclude(remote_id="").values_list("remote_id", flat=True))
    remote = {tag.id: tag for tag in wecom.list_corp_tags()}
    with transaction.atomic():
        rows = {row.remote_id: row for row in ManagedTag.objects.select_for_update().exclude(remote_id="")}
        renamed = _follow(rows, remote, at)
        gone = [row for remote_id, row in rows.items() if remote_id in asked and remote_id not in remote]
        forgotten = ManagedTag.objects.filter(pk__in=[row.pk for row in gone if not row.is_managed]).delete()[0]
        deleted = [row for row in gone if row.is_managed]
        for row in deleted:
            _note_deletion(row, at)
        added = _learn([tag for tag in remote.values() if tag.id not in rows], at)
    return TagReading(added=added, renamed=renamed, forgotten=forgotten, deleted=len(deleted))


def _follow(rows: dict[str, ManagedTag], remote: dict[str, CorpTag], at: datetime) -> int:
    renamed, seen = 0, []
    for remote_id, row in rows.items():
        found = remote.get(remote_id)
        if found is None:
            continue
        is_ours_to_write = row.is_managed and row.state in (TagState.PENDING, TagState.REFUSED)
        if not is_ours_to_write:
            renamed += (row.group_name, row.name) != (found.group_name, found.name)
            row.name = found.name
            if row.state == TagState.DISPUTED:
                row.state = TagState.READY
                wecom.clear_drift(kind=KIND, key=str(row.pk), at=at)
        row.group_name, row.order, row.group_order = found.group_name, found.order, found.group_order
        row.checked_at = at
        seen.append(row)
    ManagedTag.objects.bulk_update(
        seen, ["name", "group_name", "order", "group_order", "state", "checked_at"], batch_size=200
    )
    return renamed


def _note_deletion(row: ManagedTag, at: datetime) -> None:
    ManagedTag.objects.filter(pk=row.pk).update(state=TagState.DISPUTED)
    wecom.note_drift(
        kind=KIND,
        key=str(row.pk),
        label=f"{row.group_name} · {row.name}",
        ours={"name": row.name, "group_name": row.group_name},
        theirs=None,
        blocker="",
        at=at,
    )


def _learn(fresh: list[CorpTag], at: datetime) -> int:
    """Know tags made in WeCom; one that a job of ours is making just now is left to that job."""
    being_made = set(ManagedTag.objects.filter(is_managed=True, remote_id="").values_list("group_name", "name"))
    rows = [
        ManagedTag(
            group_name=tag.group_name[:MAX_NAME],
            name=tag.name[:MAX_NAME],
            order=tag.order,
            group_order=tag.group_order,
            remote_id=tag.id,
            source=THEIRS,
            state=TagState.READY,
            created_at=at,
            checked_at=at,
        )
        for tag in fresh
        if (tag.group_name, tag.name) not in being_made
    ]
    ManagedTag.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    return len(rows)


def act_on_tag_drift(*, drift_id: int, choice: DriftChoice, at: datetime) -> None:
    """Do what was decided about a managed tag that somebody deleted in WeCom. Safe to repeat.

    Ours put back: it is made anew, under another id, and marked again on everybody. Theirs taken: it is no longer managed; the
    members' own tags stay. Left as it is: nothing is pushed for it any more.
    """
    drift = wecom_queries.get_drift(drift_id=drift_id)
    with transaction.atomic():
        tag = ManagedTag.objects.select_for_update().filter(pk=int(drift.key)).first()
        if tag is None or tag.state != TagState.DISPUTED or choice is DriftChoice.IGNORE:
            return
    if choice is DriftChoice.TAKE_THEIRS:
        unmanage_tag(tag_id=tag.pk)
        return
    with transaction.atomic():
        tag = _lock(tag.pk)
        tag.remote_id, tag.state = "", TagState.PENDING
        tag.save(update_fields=["remote_id", "state"])
        TagMark.objects.filter(tag=tag, is_wanted=False).delete()
        TagMark.objects.filter(tag=tag).update(is_applied=False, in_doubt=False, is_pending=True, refusal="")
        publish(ManagedTagChanged(tag_id=tag.pk))


def _lock(tag_id: int) -> ManagedTag:
    tag = ManagedTag.objects.select_for_update().filter(pk=tag_id).first()
    if tag is None:
        raise ManagedTagNotFoundError(tag_id=tag_id)
    return tag


def _check_names(*names: str) -> None:
    for name in names:
        if not 1 <= len(name) <= MAX_NAME:
            raise ManagedTagNameError(name=name)


def _check_word(word: str) -> None:
    if ManagedTag.objects.filter(word=word, is_managed=True).exists():
        raise ManagedWordTakenError(word=word)
