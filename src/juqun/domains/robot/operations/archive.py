"""Reading the message archive: that somebody wrote in a group is told to the groups; what they wrote is not kept."""

from django.db import transaction

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.types import ArchiveRow
from juqun.domains.groups import operations as groups
from juqun.domains.groups import queries as group_queries
from juqun.domains.members import queries as members
from juqun.domains.members.types import IdentityKind
from juqun.domains.robot.models import ArchiveCursor

PAGE = 1000
CURSOR = "groups"


def read_archive() -> int:
    """Read what the archive holds since the last time, to its end; returns how many messages of our groups were noted.

    The place moves in the transaction that notes the messages; a page that another reader has taken meanwhile is left.
    """
    if not wecom.is_archive_on():
        return 0
    ArchiveCursor.objects.get_or_create(name=CURSOR)
    noted = 0
    while True:
        seq = ArchiveCursor.objects.values_list("seq", flat=True).get(name=CURSOR)
        rows = wecom.pull_archive(seq=seq, limit=PAGE)
        if not rows:
            return noted
        noted += _note(seq, rows)


def _note(seq: int, rows: list[ArchiveRow]) -> int:
    spoken = [row for row in rows if row.action == "send" and row.chat_id and row.at is not None]
    known = {chat_id: group_queries.get_group_id(chat_id=chat_id) for chat_id in {row.chat_id for row in spoken}}
    speakers = members.find_member_ids(kind=IdentityKind.EXTERNAL_USERID, values={row.sender for row in spoken})
    noted = 0
    with transaction.atomic():
        if not ArchiveCursor.objects.filter(name=CURSOR, seq=seq).update(seq=max(row.seq for row in rows)):
            return 0
        for row in spoken:
            group_id = known[row.chat_id]
            if group_id is not None and row.at is not None:
                groups.record_message(group_id=group_id, member_id=speakers.get(row.sender), at=row.at)
                noted += 1
    return noted
