"""What servicers and customers do in their clients: take, write, hand on, end, recall, refuse, upgrade."""

from typing import Any

from wecom_emulator.errors import ActorError
from wecom_emulator.rules import friendships, groups, kf, kf_days, kf_staffing
from wecom_emulator.state.chats import JOIN_QR
from wecom_emulator.state.kf import (
    ORIGIN_CUSTOMER,
    ORIGIN_SERVICER,
    SESSION_ENDED,
    SESSION_POOL,
    SESSION_SERVICER,
    STATUS_SERVING,
    UPGRADE_MEMBER,
    KfAccount,
    KfMessage,
    KfSession,
    KfUpgrade,
    pair,
)
from wecom_emulator.world import World

TAKEN, HANDED_ON, ENDED, REOPENED = 1, 2, 3, 4
ADD_WAY_CARD = 3


def _changed(world: World, account: KfAccount, session: KfSession, change_type: int, **fields: Any) -> None:
    event = {"external_userid": session.external_userid, "change_type": change_type, **fields}
    kf.add_event(world, account, "session_status_change", event)


def _own(session: KfSession, userid: str) -> None:
    if session.state != SESSION_SERVICER or session.servicer_userid != userid:
        raise ActorError("not_yours", "this member does not have the session now")


def _on_duty(world: World, account: KfAccount, userid: str) -> None:
    if kf_staffing.servicer_of(world, account, userid).status != STATUS_SERVING:
        raise ActorError("not_serving", "this servicer has stopped: set the status to serving first")


def take(world: World, account: KfAccount, session: KfSession, userid: str) -> None:
    """Let a servicer take a session from the pool (change_type 1 with a reply code); raises ActorError not_in_pool."""
    _on_duty(world, account, userid)
    if session.state != SESSION_POOL:
        raise ActorError("not_in_pool", "the session does not wait in the pool")
    kf.serve(world, session, userid)
    session.coded.append(SESSION_SERVICER)
    code = kf.new_code(world, session, state=SESSION_SERVICER)
    _changed(world, account, session, TAKEN, new_servicer_userid=userid, msg_code=code)


def hand_on(world: World, account: KfAccount, session: KfSession, userid: str, taker: str) -> None:
    """Let a servicer give the session to another one (change_type 2); raises ActorError not_yours or not_servicer."""
    _own(session, userid)
    _on_duty(world, account, taker)
    kf.serve(world, session, taker)
    _changed(world, account, session, HANDED_ON, old_servicer_userid=userid, new_servicer_userid=taker)


def finish(world: World, account: KfAccount, session: KfSession, userid: str) -> None:
    """Let a servicer end the session (change_type 3 with a closing code); raises ActorError not_yours."""
    _own(session, userid)
    kf.end(session)
    code = kf.new_code(world, session, state=SESSION_ENDED)
    _changed(world, account, session, ENDED, old_servicer_userid=userid, msg_code=code)


def write(
    world: World,
    account: KfAccount,
    session: KfSession,
    userid: str,
    *,
    msgtype: str,
    body: dict[str, Any],
    voices: list[str] | None = None,
) -> str:
    """Let a servicer write; one who served this customer before opens the session again (change_type 4).

    Raises ActorError window_closed after 48 h of silence and not_yours for a session that others have.
    """
    kf_staffing.servicer_of(world, account, userid)
    if kf.silent(world, session):
        raise ActorError("window_closed", "the customer has not written for 48 hours: nothing can be sent")
    if session.servicer_userid != userid:
        _reopen(world, account, session, userid)
    kf_days.note_reply(world, session, userid)
    msgid = kf.add_message(
        world, session, account=account, origin=ORIGIN_SERVICER, by=userid, msgtype=msgtype, body=body, voices=voices
    )
    text = str(body.get("content", "")) if msgtype == "text" else ""
    attachments = [] if msgtype == "text" else [{"msgtype": msgtype, msgtype: body}]
    if not session.refused_by_customer:
        kf.put_letter(
            world,
            account,
            session.external_userid,
            text=text,
            attachments=attachments,
            msgid=msgid,
            servicer=userid,
        )
    return msgid


def _reopen(world: World, account: KfAccount, session: KfSession, userid: str) -> None:
    if userid not in session.former or session.state not in (SESSION_SERVICER, SESSION_ENDED):
        raise ActorError("not_yours", "this member neither has the session nor had it: take it from the pool")
    old = session.servicer_userid or session.former[-1]
    kf.serve(world, session, userid)
    _changed(world, account, session, REOPENED, old_servicer_userid=old, new_servicer_userid=userid)


def recall(world: World, account: KfAccount, msgid: str, *, by: str, origin: int) -> None:
    """Take a message back within two minutes and tell it; raises ActorError unknown_message or too_late."""
    message: KfMessage | None = world.corp.kf_messages.get(pair(account.open_kfid, msgid))
    if message is None or message.by != by or message.origin != origin or message.recalled:
        raise ActorError("unknown_message", "no such message of this writer that could be recalled", status=404)
    if world.clock.now() - message.at > world.corp.settings.kf_recall_seconds:
        raise ActorError("too_late", "a message can be recalled for two minutes only")
    message.recalled = True
    event: dict[str, Any] = {"external_userid": message.external_userid, "recall_msgid": msgid}
    if origin == ORIGIN_CUSTOMER:
        kf.add_event(world, account, "user_recall_msg", event)
        return
    inbox = world.corp.persons[message.external_userid].inbox
    for place in reversed(range(len(inbox))):
        if inbox[place].get("msgid") == msgid:
            del inbox[place]
            break
    kf.add_event(world, account, "servicer_recall_msg", {**event, "servicer_userid": by})


def refuse(world: World, account: KfAccount, session: KfSession, userid: str, *, refuses: bool) -> bool:
    """Let a servicer refuse a customer's messages, or take them again; return False when nothing changed."""
    kf_staffing.servicer_of(world, account, userid)
    if bool(session.refused_by) == refuses:
        return False
    session.refused_by = userid if refuses else ""
    if refuses:
        kf_days.note_refused(world, session, userid)
    event = {"servicer_userid": userid, "external_userid": session.external_userid, "reject_switch": int(refuses)}
    kf.add_event(world, account, "reject_customer_msg_switch_change", event)
    return True


def invite(world: World, account: KfAccount, session: KfSession, userid: str) -> str:
    """Let the servicer follow the upgrade hint: send the member's card or the group's code; return the msgid."""
    _own(session, userid)
    upgrade = _upgrade_of(session)
    upgrade.invited_by = userid
    for day in kf_days.servicer_days(world, session, userid):
        if upgrade.type == UPGRADE_MEMBER:
            day.member_invites += 1
        else:
            day.group_invites += 1
    if upgrade.type == UPGRADE_MEMBER:
        return write(world, account, session, userid, msgtype="business_card", body={"userid": upgrade.target})
    link = {"title": upgrade.wording or "Group", "desc": "", "url": group_address(upgrade.target), "pic_url": ""}
    return write(world, account, session, userid, msgtype="link", body=link)


def group_address(chat_id: str) -> str:
    """Return the address behind a group's code."""
    return f"https://work.weixin.qq.com/gm/{chat_id}"


def accept(world: World, session: KfSession) -> KfUpgrade:
    """Let a customer become the member's friend, or join the group, as the servicer invited; return the upgrade.

    Raises ActorError not_invited while no servicer sent the card or code.
    """
    upgrade = _upgrade_of(session)
    if not upgrade.invited_by:
        raise ActorError("not_invited", "no servicer sent a card or a group code yet")
    customer = session.external_userid
    if upgrade.type == UPGRADE_MEMBER:
        if world.corp.friendship(upgrade.target, customer) is None:
            person = friendships.person_of(world, customer)
            friendships.become_friends(world, person, upgrade.target, add_way=ADD_WAY_CARD, state="")
    else:
        groups.join_group(world, groups.open_group(world, upgrade.target), customer, scene=JOIN_QR)
    for day in (kf_days.account_day(world, session), *kf_days.servicer_days(world, session, upgrade.invited_by)):
        won = day.member_customers if upgrade.type == UPGRADE_MEMBER else day.group_customers
        if customer not in won:
            won.append(customer)
    return upgrade


def _upgrade_of(session: KfSession) -> KfUpgrade:
    if session.upgrade is None:
        raise ActorError("no_upgrade", "no upgrade is asked for: see kf/customer/upgrade_service")
    return session.upgrade
