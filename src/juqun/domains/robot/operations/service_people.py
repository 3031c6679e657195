"""From the robot to people: choosing a servicer, the pool where nobody serves, and the end of a session.

WeCom moves a session only from where it stands, and tells nobody of moves by a program; so it is read before each move, and a
move that was refused because somebody else was quicker is read again, once.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.errors import WecomRefusedError
from juqun.channels.wecom.types import KfRefusal, KfSession, KfState
from juqun.domains.growth import queries as growth
from juqun.domains.org import queries as org
from juqun.domains.robot import rules
from juqun.domains.robot.errors import (
    ServicerNotServingError,
    ServiceSessionMovedError,
    ServiceSessionNotFoundError,
)
from juqun.domains.robot.events import ServiceSendPlanned
from juqun.domains.robot.models import ServiceAccount, ServiceLink, ServiceServicer, ServiceSession
from juqun.domains.robot.operations import service_sends as sends
from juqun.domains.robot.operations import service_sessions as sessions
from juqun.domains.robot.types import Candidate, SendPurpose, ServicerStatus
from juqun.kernel import clock, events
from juqun.kernel.secrets import unseal

MOST_ASKED = 3  # servicers that are tried before the pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where people have a session now; ``code`` allows one message there, ``is_ours`` says that we brought it there."""

    session: KfSession
    code: str = ""
    is_ours: bool


def read(session: ServiceSession) -> KfSession:
    """Read where a session stands at WeCom and note it."""
    found = wecom.kf_get_session(open_kfid=session.account.open_kfid, external_userid=unseal(session.external_userid))
    sessions.note_read(session, found, clock.now())
    return found


def move(session: ServiceSession, state: KfState, servicer_userid: str = "") -> str:
    """Move a session at WeCom and note it; returns the code for one message. Raises as kf_move_session."""
    code = wecom.kf_move_session(
        open_kfid=session.account.open_kfid,
        external_userid=unseal(session.external_userid),
        state=state,
        servicer_userid=servicer_userid,
    )
    sessions.note_read(session, KfSession(state=state, servicer_userid=servicer_userid), clock.now())
    return code


def bring_to_people(session: ServiceSession, *, was_moving: bool, before_move: Callable[[], None]) -> Placed | None:
    """Give a session to a servicer who serves, else to the pool; None when WeCom lets it go nowhere, or nobody would look there.

    ``was_moving`` tells that an earlier try may have moved it, ``before_move`` notes that one is about to. Raises WecomError
    when an answer was lost: the next try reads where the session stands.
    """
    standing = read(session)
    if standing.state in sessions.PEOPLE:
        return Placed(session=standing, is_ours=was_moving)
    if standing.state is KfState.ENDED:
        return None
    if not refresh_servicers(account=session.account):
        return (
            None  # in the pool of an account without servicers a customer would wait for ever, and the robot be silent
        )
    before_move()
    steps = [(KfState.SERVICER, userid) for userid in list_candidates(session)[:MOST_ASKED]]
    for state, userid in [*steps, (KfState.POOL, "")]:
        try:
            code = move(session, state, userid)
        except WecomRefusedError as refused:
            if refused.errcode == KfRefusal.NOT_SERVING:
                ServiceServicer.unscoped.filter(account=session.account, userid=userid).update(
                    status=ServicerStatus.STOPPED
                )
                continue
            standing = read(session)
            return Placed(session=standing, is_ours=False) if standing.state in sessions.PEOPLE else None
        return Placed(session=KfSession(state=state, servicer_userid=userid), code=code, is_ours=True)
    return None


def list_candidates(session: ServiceSession) -> list[str]:
    """Return who could serve a customer now by the list that was read last, whom to ask first in front."""
    serving = list(
        ServiceServicer.unscoped.filter(account=session.account, status=ServicerStatus.SERVING).values_list(
            "userid", flat=True
        )
    )
    loads = dict(
        ServiceSession.unscoped.filter(state=KfState.SERVICER, servicer_userid__in=serving)
        .order_by()
        .values_list("servicer_userid")
        .annotate(n=Count("pk"))
    )
    staff = org.find_staff(userids=serving)
    homes = org.home_stores(staff_ids=[one.id for one in staff.values()])
    store_id = store_of(session)
    return rules.rank_servicers(
        [
            Candidate(
                userid=userid,
                load=loads.get(userid, 0),
                is_stores=store_id is not None and userid in staff and homes.get(staff[userid].id) == store_id,
            )
            for userid in serving
        ]
    )


def store_of(session: ServiceSession) -> int | None:
    """Return the store that a customer came from: that of the link's scene, of the live code so named, else the account's."""
    if session.scene:
        link = ServiceLink.unscoped.filter(account=session.account, scene=session.scene).first()
        if link is not None and link.store_id is not None:
            return link.store_id
        code = growth.get_live_code_by_state(state=session.scene)
        if code is not None:
            return code.store_id
    return session.account.store_id


def refresh_servicers(*, account: ServiceAccount) -> bool:
    """Read who serves an account, and say whether anybody does.

    Departments count for that, but stand for nobody in the list, since WeCom tells no state of their members.
    """
    now = clock.now()
    listed = wecom.kf_list_servicers(open_kfid=account.open_kfid)
    status = {
        one.userid: ServicerStatus.UNKNOWN
        if one.is_serving is None
        else ServicerStatus.SERVING
        if one.is_serving
        else (ServicerStatus.PAUSED if one.is_paused else ServicerStatus.STOPPED)
        for one in listed
        if one.userid
    }
    with transaction.atomic():
        ServiceServicer.unscoped.bulk_create(
            [
                ServiceServicer(account=account, userid=userid, status=one, seen_at=now)
                for userid, one in sorted(status.items())
            ],
            update_conflicts=True,
            unique_fields=["account", "userid"],
            update_fields=["status", "seen_at"],
        )
        ServiceServicer.unscoped.filter(account=account).exclude(userid__in=list(status)).delete()
    return bool(listed)


def _session(session_id: int) -> ServiceSession:
    session = ServiceSession.unscoped.select_related("account").filter(pk=session_id).first()
    if session is None:
        raise ServiceSessionNotFoundError(session_id=session_id)
    return session


def give_to_servicer(*, session_id: int, userid: str) -> None:
    """Give a conversation to a servicer, from the robot, the pool or another servicer.

    Raises ServiceSessionNotFoundError, ServicerNotServingError, and ServiceSessionMovedError when it has ended or stands
    elsewhere than expected.
    """
    session = _session(session_id)
    standing = read(session)
    if standing.state is KfState.ENDED:
        raise ServiceSessionMovedError
    if standing.servicer_userid == userid:
        return
    try:
        move(session, KfState.SERVICER, userid)
    except WecomRefusedError as refused:
        if refused.errcode == KfRefusal.NOT_SERVING:
            raise ServicerNotServingError(userid=userid) from refused
        if refused.errcode == KfRefusal.MOVE_REFUSED:
            read(session)
            raise ServiceSessionMovedError from refused
        raise


def end_session(*, session_id: int) -> None:
    """End a servicer's conversation and say goodbye under its code; raises ServiceSessionMovedError when nobody serves it."""
    session = _session(session_id)
    if read(session).state is not KfState.SERVICER:
        raise ServiceSessionMovedError
    try:
        code = move(session, KfState.ENDED)
    except WecomRefusedError as refused:
        if refused.errcode == KfRefusal.MOVE_REFUSED:
            read(session)
            raise ServiceSessionMovedError from refused
        raise
    text = sends.text_for(session.account, SendPurpose.GOODBYE)
    if not code or not text:
        return
    now = clock.now()
    words = sends.Words(
        purpose=SendPurpose.GOODBYE,
        text=text,
        cause=f"end {code}",
        code=code,
        expires_at=now + rules.EVENT_CODE_LIFE - rules.EVENT_CODE_MARGIN,
    )
    with transaction.atomic():
        events.publish(ServiceSendPlanned(send_id=sends.plan(session, words).pk))
