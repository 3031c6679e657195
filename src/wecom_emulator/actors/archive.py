"""What touches the message archive beside writing: consent, taking a message back, changing the corp in the client."""

from wecom_emulator.actors.verbs import Action, Result, text, verb
from wecom_emulator.errors import ActorError
from wecom_emulator.rules import archive, groups
from wecom_emulator.rules.friendships import person_of, staff_of
from wecom_emulator.state.archive import AGREE, DISAGREE
from wecom_emulator.world import World


@verb("customer", "agree_archive")
def _agree(world: World, customer: str, action: Action) -> Result:
    """Agree to being archived by a staff member (userid) or in a group (chat_id)."""
    chat = _chat_of(world, customer, action)
    archive.say_consent(world, chat=chat, external_userid=customer, status=AGREE)
    code = None
    if action.get("userid"):
        code = archive.tell_consent(world, userid=chat, external_userid=customer)
    return {"status": AGREE, "welcome_code_issued": code is not None}


@verb("customer", "refuse_archive")
def _refuse(world: World, customer: str, action: Action) -> Result:
    chat = _chat_of(world, customer, action)
    archive.say_consent(world, chat=chat, external_userid=customer, status=DISAGREE)
    return {"status": DISAGREE}


def _chat_of(world: World, customer: str, action: Action) -> str:
    person_of(world, customer)
    if not world.corp.settings.archive_on:
        raise ActorError("no_archive", "the corp has no message archive: set archive_on")
    userid = text(action, "userid", required=False)
    if userid:
        if world.corp.friendship(userid, customer) is None:
            raise ActorError("not_friends", "these two are not friends: nothing to agree to")
        return userid
    chat = groups.open_group(world, text(action, "chat_id"))
    if customer not in chat.members:
        raise ActorError("not_member", "this person is not in the group")
    return chat.chat_id


@verb("customer", "recall")
def _recall_as_customer(world: World, customer: str, action: Action) -> Result:
    person_of(world, customer)
    msgid = text(action, "msgid")
    archive.note_recall(world, customer, msgid)
    return {"msgid": msgid}


@verb("staff", "recall")
def _recall_as_staff(world: World, userid: str, action: Action) -> Result:
    """Take a message back; it goes out of the customer's inbox."""
    staff_of(world, userid)
    msgid = text(action, "msgid")
    row = archive.note_recall(world, userid, msgid)
    for receiver in row.tolist if not row.roomid else ():
        person = world.corp.persons.get(receiver)
        if person is not None:
            kept = [letter for letter in person.inbox if letter.get("msgid") != msgid]
            if len(kept) != len(person.inbox):
                person.inbox = kept
    return {"msgid": msgid}


@verb("staff", "switch_corp")
def _switch_corp(world: World, userid: str, action: Action) -> Result:
    staff_of(world, userid)
    return {"msgid": archive.note_switch(world, userid)}
