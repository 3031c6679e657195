"""Who serves a kf account: members by name or by department, and whether they are serving now."""

from wecom_emulator.errors import ActorError, WeComError
from wecom_emulator.rules import kf
from wecom_emulator.state.kf import STATUS_SERVING, STATUS_STOPPED, KfAccount, KfServicer, KfStaffing
from wecom_emulator.state.people import STAFF_ACTIVE
from wecom_emulator.world import World


def staffing_of(world: World, open_kfid: str) -> KfStaffing:
    """Return the list of an account's servicers, an empty one for a new account."""
    return world.corp.kf_staffing.setdefault(open_kfid, KfStaffing(open_kfid=open_kfid))


def serves(world: World, staffing: KfStaffing, userid: str) -> bool:
    """Return whether an employed member is a servicer of the account, by name or through a department."""
    staff = world.corp.employed(userid)
    if staff is None:
        return False
    return userid in staffing.userids or world.corp.under(staff, set(staffing.departments))


def state_of(staffing: KfStaffing, userid: str) -> KfServicer:
    """Return a servicer's own state at an account; who never changed it is serving."""
    return staffing.servicers.get(userid, KfServicer(userid=userid))


def check_serving(world: World, open_kfid: str, userid: str) -> None:
    """Raise WeComError 95014 unless the member is a servicer of the account, is serving and has activated WeCom."""
    staffing, staff = staffing_of(world, open_kfid), world.corp.employed(userid)
    if staff is None or staff.status != STAFF_ACTIVE or not serves(world, staffing, userid):
        raise WeComError(95014)
    if state_of(staffing, userid).status != STATUS_SERVING:
        raise WeComError(95014)


def servicer_of(world: World, account: KfAccount, userid: str) -> KfServicer:
    """Return a servicer's state for an actor; raises ActorError not_servicer."""
    staffing = staffing_of(world, account.open_kfid)
    if not serves(world, staffing, userid):
        raise ActorError("not_servicer", "this member does not serve the account: see kf/servicer/add")
    return state_of(staffing, userid)


def set_status(world: World, account: KfAccount, userid: str, *, status: int, stop_type: int) -> bool:
    """Let a servicer begin, stop or pause serving an account and tell it; return False when nothing changed.

    The event counts 1 serving and 2 stopped where the list says 0 and 1.
    """
    servicer = servicer_of(world, account, userid)
    if (servicer.status, servicer.stop_type) == (status, stop_type):
        return False
    staffing = staffing_of(world, account.open_kfid)
    staffing.servicers[userid] = KfServicer(userid=userid, status=status, stop_type=stop_type)
    change = {
        "servicer_userid": userid,
        "status": status + 1,
        "stop_type": stop_type if status == STATUS_STOPPED else None,
    }
    kf.add_event(world, account, "servicer_status_change", change)
    return True
