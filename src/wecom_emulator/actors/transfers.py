"""What a customer does about a hand-over: take the new keeper at once, or refuse."""

from wecom_emulator.actors.verbs import Action, Result, text, verb
from wecom_emulator.rules import transfers
from wecom_emulator.rules.friendships import person_of
from wecom_emulator.world import World


@verb("customer", "accept_transfer")
def _accept(world: World, customer: str, action: Action) -> Result:
    person_of(world, customer)
    transfer = transfers.waiting_of_customer(world, customer, text(action, "userid", required=False))
    transfers.accept(world, transfer)
    return {"userid": transfer.takeover_userid, "status": transfer.status}


@verb("customer", "refuse_transfer")
def _refuse(world: World, customer: str, action: Action) -> Result:
    person_of(world, customer)
    transfer = transfers.waiting_of_customer(world, customer, text(action, "userid", required=False))
    transfers.refuse(world, transfer)
    return {"userid": transfer.handover_userid, "status": transfer.status}
