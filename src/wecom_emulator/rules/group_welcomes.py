"""What a group says to a customer who enters it."""

from wecom_emulator.state.chats import GroupChat
from wecom_emulator.world import World

NICKNAME = "%NICKNAME%"
"""Stands for the name of whoever enters; only in capitals."""


def greet(world: World, chat: GroupChat, external_userid: str) -> None:
    """Put the group's welcome into the inbox of a new member, if the owner attached one that still exists."""
    template = world.corp.welcome_templates.get(chat.welcome_template_id)
    person = world.corp.persons.get(external_userid)
    if template is None or person is None:
        return
    attachments = [{"msgtype": template.kind, template.kind: template.content}] if template.kind else []
    person.inbox.append(
        {
            "at": world.clock.seconds(),
            "via": "group_welcome",
            "from": chat.owner,
            "text": template.text.replace(NICKNAME, person.name),
            "attachments": attachments,
            "chat_id": chat.chat_id,
        }
    )
