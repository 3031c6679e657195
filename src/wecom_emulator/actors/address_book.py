"""What the admin does in the address book at the console: every change calls back."""

from wecom_emulator.actors.verbs import Action, Result, text, verb
from wecom_emulator.errors import ActorError, WeComError
from wecom_emulator.rules import address_book
from wecom_emulator.rules.payload import integers, texts
from wecom_emulator.world import World


def refused(error: WeComError) -> ActorError:
    """Return the refusal that an actor sees where the API would answer an errcode."""
    return ActorError(f"errcode_{error.errcode}", error.text)


def _number(action: Action, name: str) -> int:
    value = action.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ActorError("bad_field", f"{name!r} must be a whole number", status=400)
    return value


@verb("admin", "create_department")
def _create_department(world: World, _: str, action: Action) -> Result:
    try:
        return {"id": address_book.create_department(world, action_fields(action), emit=True)}
    except WeComError as error:
        raise refused(error) from error


@verb("admin", "update_department")
def _update_department(world: World, _: str, action: Action) -> Result:
    data = action_fields(action)
    try:
        address_book.update_department(world, data, emit=True)
    except WeComError as error:
        raise refused(error) from error
    return {"id": data.get("id")}


@verb("admin", "delete_department")
def _delete_department(world: World, _: str, action: Action) -> Result:
    number = _number(action, "department_id")
    try:
        address_book.delete_department(world, number, emit=True)
    except WeComError as error:
        raise refused(error) from error
    return {"id": number}


@verb("admin", "create_user")
def _create_user(world: World, _: str, action: Action) -> Result:
    try:
        staff = address_book.create_user(world, action_fields(action), emit=True)
    except WeComError as error:
        raise refused(error) from error
    staff.feature_on = bool(action.get("feature_on", True))
    return {"userid": staff.userid}


@verb("admin", "update_user")
def _update_user(world: World, _: str, action: Action) -> Result:
    try:
        address_book.update_user(world, action_fields(action), emit=True)
    except WeComError as error:
        raise refused(error) from error
    return {"userid": text(action, "userid")}


@verb("admin", "tag_members")
def _tag_members(world: World, _: str, action: Action) -> Result:
    data = action_fields(action)
    try:
        tag = address_book.tag_of(world, _number(action, "tagid"))
        bad_users, bad_parties = address_book.move_tag_members(
            world,
            tag,
            userids=texts(data, "userlist"),
            departments=integers(data, "partylist"),
            add=not action.get("remove"),
            emit=True,
        )
    except WeComError as error:
        raise refused(error) from error
    return {"tagid": tag.tagid, "invalidlist": bad_users, "invalidparty": bad_parties}


def action_fields(action: Action) -> Action:
    """Return what an action says, without who does what; `department_id` stands for the department's own id."""
    fields = {name: value for name, value in action.items() if name not in ("actor", "id", "do", "department_id")}
    if "department_id" in action:
        fields["id"] = action["department_id"]
    return fields
