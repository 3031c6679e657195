"""Sensitive words: which rule a staff member's message to customers meets."""

import re

from wecom_emulator.errors import ActorError
from wecom_emulator.state.catalog import INTERCEPT_BLOCK, InterceptRule
from wecom_emulator.state.people import Staff
from wecom_emulator.world import World

SEMANTICS = {
    1: re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)"),
    2: re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", re.ASCII),
    3: re.compile("红包"),
}
"""What stands for a phone number, an e-mail address and a red packet in a text."""


def applies_to(world: World, rule: InterceptRule, staff: Staff) -> bool:
    """Return whether a staff member is in a rule's range."""
    return staff.userid in rule.userids or (bool(rule.departments) and world.corp.under(staff, set(rule.departments)))


def matches(rule: InterceptRule, text: str) -> bool:
    """Return whether a text holds one of a rule's words or meanings; letter case does not count."""
    folded = text.casefold()
    if any(word.casefold() in folded for word in rule.word_list):
        return True
    return any(SEMANTICS[meaning].search(text) for meaning in rule.semantics_list)


def check_message(world: World, staff: Staff, text: str) -> list[str]:
    """Return the names of the rules that warn of a text; raises ActorError intercepted when one blocks it."""
    met = [
        rule for rule in world.corp.intercept_rules.values() if applies_to(world, rule, staff) and matches(rule, text)
    ]
    blocking = next((rule for rule in met if rule.intercept_type == INTERCEPT_BLOCK), None)
    if blocking is not None:
        raise ActorError("intercepted", f"the rule {blocking.rule_name!r} keeps this text from being sent")
    return [rule.rule_name for rule in met]
