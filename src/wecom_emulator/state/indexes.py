"""Ways into the corp's state other than by id: tags, the groups of a person, open send tasks."""

from collections.abc import Iterator, Mapping, MutableMapping

from wecom_emulator.state.messages import TASK_UNSENT, MassMessage
from wecom_emulator.state.table import Table
from wecom_emulator.state.tags import Tag, TagGroup
from wecom_emulator.state.views import rows_of, usable


class TagIndex(MutableMapping[str, tuple[TagGroup, Tag]]):
    """Every tag with its group by the tag's id; it keeps ids, so what it returns is always the group's own tag."""

    def __init__(self, groups: dict[str, TagGroup]) -> None:
        self._groups = groups
        self._home: dict[str, tuple[str, int]] = {}

    def refill(self) -> None:
        """Rebuild the index from the groups."""
        self._home = {
            tag.id: (group.group_id, number) for group in self._groups.values() for number, tag in enumerate(group.tags)
        }

    def __getitem__(self, tag_id: str) -> tuple[TagGroup, Tag]:
        group_id, number = self._home[tag_id]
        group = self._groups.get(group_id)
        if group is not None and number < len(group.tags) and group.tags[number].id == tag_id:
            return group, group.tags[number]
        self.refill()
        group_id, number = self._home[tag_id]
        return self._groups[group_id], self._groups[group_id].tags[number]

    def __setitem__(self, tag_id: str, home: tuple[TagGroup, Tag]) -> None:
        group, tag = home
        last = len(group.tags) - 1
        place = last if group.tags[last].id == tag.id else next(n for n, it in enumerate(group.tags) if it.id == tag.id)
        self._home[tag_id] = (group.group_id, place)

    def __delitem__(self, tag_id: str) -> None:
        del self._home[tag_id]

    def __contains__(self, tag_id: object) -> bool:
        return tag_id in self._home

    def __iter__(self) -> Iterator[str]:
        return iter(self._home)

    def __len__(self) -> int:
        return len(self._home)


class ChatsOf(Mapping[str, set[str]]):
    """The ids of the living groups that somebody is in; read from the members, never written."""

    def __init__(self, chats: Table) -> None:
        self._chats = chats
        self._members = chats.children["members"]

    def __getitem__(self, member: str) -> set[str]:
        if not usable(member):
            return set()
        rows = self._members.select("key = ?", (member,))
        found = ((row[1], self._chats.get("", row[1])) for row in rows)
        return {chat_id for chat_id, chat in found if chat is not None and chat.dismissed_at is None}

    def __iter__(self) -> Iterator[str]:
        return (row[0] for row in self._chats.store.read(f'SELECT DISTINCT key FROM "{self._members.name}"').fetchall())

    def __len__(self) -> int:
        return sum(1 for _ in self)


def open_tasks_of(messages: Mapping[str, MassMessage]) -> dict[str, dict[str, None]]:
    """Return the ids of the messages that each staff member still has to confirm."""
    found: dict[str, dict[str, None]] = {}
    for message in messages.values():
        if message.cancelled_at is not None:
            continue
        for task in rows_of(message.tasks).read_values():
            if task.status == TASK_UNSENT and not task.ignored:
                found.setdefault(task.userid, {})[message.msgid] = None
    return found
