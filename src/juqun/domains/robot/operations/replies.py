"""Keyword replies as people write them."""

from collections.abc import Sequence

from django.db import transaction

from juqun.domains.robot import rules
from juqun.domains.robot.errors import NoWordsError, ReplyNotFoundError, ReplyTextError
from juqun.domains.robot.models import Reply, ReplyWord
from juqun.domains.robot.types import KeywordReply

LONGEST_WORD = 64


def set_keyword_reply(
    *,
    words: Sequence[str],
    text: str,
    store_id: int | None = None,
    reply_id: int | None = None,
    is_active: bool = True,
) -> KeywordReply:
    """Write a keyword reply, or a known one anew; ``store_id`` None holds at every store.

    Words meet texts without regard to case and width. Raises NoWordsError, ReplyTextError (empty or more than 2048 bytes),
    ReplyNotFoundError.
    """
    wanted = tuple(dict.fromkeys(word for word in (rules.normalise(word)[:LONGEST_WORD] for word in words) if word))
    if not wanted:
        raise NoWordsError
    size = len(text.strip().encode())
    if not 0 < size <= rules.REPLY_BYTES:
        raise ReplyTextError(byte_count=size, limit=rules.REPLY_BYTES)
    with transaction.atomic():
        if reply_id is None:
            reply = Reply.unscoped.create(store_id=store_id, text=text.strip(), is_active=is_active)
        else:
            found = Reply.unscoped.select_for_update().filter(pk=reply_id).first()
            if found is None:
                raise ReplyNotFoundError(reply_id=reply_id)
            reply = found
            reply.store_id, reply.text, reply.is_active = store_id, text.strip(), is_active
            reply.save()
            reply.words.all().delete()
        ReplyWord.objects.bulk_create([ReplyWord(reply=reply, word=word) for word in wanted])
    return KeywordReply(id=reply.pk, words=wanted, text=reply.text, store_id=store_id, is_active=is_active)


def delete_keyword_reply(*, reply_id: int) -> None:
    """Delete a keyword reply; messages that it answered keep their outcome. Raises ReplyNotFoundError."""
    if not Reply.unscoped.filter(pk=reply_id).delete()[0]:
        raise ReplyNotFoundError(reply_id=reply_id)
