"""What groups remember for statistics and for details that lag: sizes, writers, and the latest changes of members."""

from wecom_emulator.clock import china_date
from wecom_emulator.state.chats import ChatChange, ChatMember, GroupChat
from wecom_emulator.state.views import rows_of
from wecom_emulator.world import World


def day_of(instant: float) -> str:
    """Return the Chinese calendar day of an instant as ISO text."""
    return china_date(instant).date().isoformat()


def note_size(world: World, chat: GroupChat) -> None:
    """Remember how many members a group has at the end of today, as it stands now."""
    chat.sizes[day_of(world.clock.now())] = len(chat.members)


def size_on(chat: GroupChat, day: str) -> int:
    """Return how many members a group had at the end of a day; 0 before it was opened."""
    if day_of(chat.create_time) > day:
        return 0
    known = max((item for item in chat.sizes if item <= day), default="")
    if known:
        return chat.sizes[known]
    return chat.sizes[min(chat.sizes)] if chat.sizes else len(chat.members)


def note_message(world: World, chat: GroupChat, member: str) -> None:
    """Count a message in a group, and its writer once a day."""
    day = day_of(world.clock.now())
    chat.messages[day] = chat.messages.get(day, 0) + 1
    if chat.writers_day != day:
        chat.writers_day, chat.writers_today = day, []
    if member not in chat.writers_today:
        chat.writers_today.append(member)
        chat.writers[day] = chat.writers.get(day, 0) + 1


def note_change(world: World, chat: GroupChat, *, came: str = "", gone: ChatMember | None = None) -> None:
    """Raise the version of a group; with the setting chat_detail_lag_seconds remember what it was before."""
    now, lag = world.clock.seconds(), world.corp.settings.chat_detail_lag_seconds
    if lag or chat.changes:
        kept = [item for item in chat.changes if item.at > now - lag]
        chat.changes = [*kept, ChatChange(at=now, version=chat.version, came=came, gone=gone)] if lag else []
    chat.version += 1


def shown_members(world: World, chat: GroupChat) -> tuple[list[ChatMember], int]:
    """Return the members and the version that the details show: those of chat_detail_lag_seconds ago."""
    horizon = world.clock.seconds() - world.corp.settings.chat_detail_lag_seconds
    undone = [item for item in chat.changes if item.at > horizon]
    members = {item.userid: item for item in rows_of(chat.members).read_values()}
    for change in reversed(undone):
        members.pop(change.came, None)
        if change.gone is not None:
            members[change.gone.userid] = change.gone
    return list(members.values()), undone[0].version if undone else chat.version
