"""What happens around acquisition links: visitors open them and add staff, the admin buys quota and deletes links."""

from wecom_emulator.actors.verbs import Action, Result, number, text, verb
from wecom_emulator.errors import ActorError
from wecom_emulator.rules import acquisition
from wecom_emulator.rules.friendships import person_of
from wecom_emulator.world import World

YEAR = 365 * 86_400


@verb("customer", "open_link")
def _open_link(world: World, customer: str, action: Action) -> Result:
    opened = acquisition.open_link(world, person_of(world, customer), text(action, "url"))
    return _shown(opened)


def _shown(opened: acquisition.Opened) -> Result:
    return {
        "link_id": opened.link.link_id,
        "userid": opened.userid,
        "state": opened.state,
        "already_friend": opened.already_friend,
    }


@verb("customer", "add_by_link")
def _add_by_link(world: World, customer: str, action: Action) -> Result:
    person = person_of(world, customer)
    opened = acquisition.open_link(world, person, text(action, "url"))
    if opened.already_friend:
        return {**_shown(opened), "pending": False, "welcome_code_issued": False}
    approach = acquisition.add_by_link(world, person, opened)
    issued = approach.welcome_code is not None
    return {**_shown(opened), "pending": approach.pending, "welcome_code_issued": issued}


@verb("admin", "buy_quota")
def _buy_quota(world: World, _: str, action: Action) -> Result:
    amount = number(action, "amount")
    expire_date = number(action, "expire_date", default=world.clock.seconds() + YEAR)
    if amount < 1 or expire_date <= world.clock.seconds():
        raise ActorError("bad_field", "amount is at least 1 and expire_date lies ahead", status=400)
    acquisition.buy(world, amount, expire_date)
    return {"balance": acquisition.balance(world), "expire_date": expire_date}


@verb("admin", "delete_link")
def _delete_link(world: World, _: str, action: Action) -> Result:
    link = world.corp.acquisition_links.pop(text(action, "link_id"), None)
    if link is None:
        raise ActorError("unknown_link", "no such acquisition link: see customer_acquisition/list_link", status=404)
    acquisition.note_deleted(world, link)
    return {"link_id": link.link_id}
