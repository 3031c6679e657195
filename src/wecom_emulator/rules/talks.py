"""Conversations as phones show them: who wrote what, in the order it was written.

What the corp sends to a customer is in the customer's inbox. The lines kept here are the rest; each remembers the last
inbox row before it, so that both can be told in one order even while the clock stands.
"""

from typing import Any

from wecom_emulator.state.talks import Talk
from wecom_emulator.world import World

STAFF, GROUP, KF = "staff", "group", "kf"


def staff_key(userid: str, external_userid: str) -> str:
    """Return the key of the chat between a staff member and a person."""
    return f"{STAFF}/{userid}/{external_userid}"


def group_key(chat_id: str) -> str:
    """Return the key of a group's chat."""
    return f"{GROUP}/{chat_id}"


def kf_key(open_kfid: str, external_userid: str) -> str:
    """Return the key of a person's chat with a kf account."""
    return f"{KF}/{open_kfid}/{external_userid}"


def note(
    world: World,
    key: str,
    *,
    sender: str,
    text: str = "",
    attachments: list[dict[str, Any]] | None = None,
    kind: str = "",
) -> None:
    """Add a line; `kind` names what happened when nobody said it: joined, left, renamed, notice, dismissed."""
    if not (text or attachments or kind):
        return
    talk = world.corp.talks.get(key)
    if talk is None:
        world.corp.talks[key] = talk = Talk(key=key)
    line: dict[str, Any] = {"at": world.clock.seconds(), "from": sender, "text": text, "after": last_letter(world)}
    if attachments:
        line["attachments"] = attachments
    if kind:
        line["kind"] = kind
    talk.lines.append(line)


def last_letter(world: World) -> int:
    """Return the number of the last letter that anybody got."""
    return world.corp.keeper.tables["persons"].children["inbox"].last_seq()
