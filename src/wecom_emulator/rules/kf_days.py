"""Tallies of customer service, kept as things happen and read by the statistics of the day after."""

from wecom_emulator.clock import china_date
from wecom_emulator.state.kf import KfDay, KfSession, pair
from wecom_emulator.world import World

EVERYBODY = "*"
"""The `userid` of the tally that sums up all servicers of an account."""


def day_text(seconds: float) -> str:
    """Return the Chinese calendar day of an instant as ISO text."""
    return china_date(seconds).date().isoformat()


def _day(world: World, open_kfid: str, userid: str, at: float) -> KfDay:
    day = day_text(at)
    return world.corp.kf_days.setdefault(
        pair(open_kfid, day, userid), KfDay(open_kfid=open_kfid, day=day, userid=userid)
    )


def account_day(world: World, session: KfSession) -> KfDay:
    """Return today's tally of the session's account."""
    return _day(world, session.open_kfid, "", world.clock.now())


def servicer_days(world: World, session: KfSession, userid: str, at: float | None = None) -> list[KfDay]:
    """Return the tallies of a servicer and of all servicers together, of today or of the day of `at`."""
    moment = world.clock.now() if at is None else at
    return [_day(world, session.open_kfid, who, moment) for who in (userid, EVERYBODY)]


def _once(session: KfSession, mark: str) -> bool:
    if mark in session.tallied:
        return False
    session.tallied.append(mark)
    return True


def note_message(world: World, session: KfSession) -> None:
    """Count a customer's message: at the account, and at the servicer who has the session."""
    customer, day = session.external_userid, account_day(world, session)
    if _once(session, "session"):
        day.sessions += 1
    day.customers[customer] = day.customers.get(customer, 0) + 1
    userid = session.servicer_userid
    if not userid:
        return
    first = _once(session, f"asked:{userid}")
    for item in servicer_days(world, session, userid):
        item.customers[customer] = item.customers.get(customer, 0) + 1
        item.asked += int(first)
    if first:
        session.asked_at, session.replied = world.clock.seconds(), False


def note_assistant(world: World, session: KfSession) -> None:
    """Count that the session went to the assistant."""
    if _once(session, "assistant"):
        account_day(world, session).assistant_sessions += 1


def note_to_people(world: World, session: KfSession) -> None:
    """Count that the assistant's session went on to people."""
    if "assistant" in session.tallied and _once(session, "transfer"):
        account_day(world, session).assistant_transfers += 1


def note_served(world: World, session: KfSession, userid: str) -> None:
    """Count a session for the servicer who gets it."""
    for item in servicer_days(world, session, userid):
        item.sessions += 1


def note_reply(world: World, session: KfSession, userid: str) -> None:
    """Count a servicer's first answer on the day of the question."""
    if not session.asked_at or session.replied or session.servicer_userid != userid:
        return
    session.replied = True
    for item in servicer_days(world, session, userid, session.asked_at):
        item.replied += 1
        item.reply_seconds += world.clock.seconds() - session.asked_at


def note_refused(world: World, session: KfSession, userid: str) -> None:
    """Count a customer whose messages a servicer refuses."""
    for item in (account_day(world, session), *servicer_days(world, session, userid)):
        if session.external_userid not in item.refused:
            item.refused.append(session.external_userid)
