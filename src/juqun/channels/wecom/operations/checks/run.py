"""The list of checks in the order in which one would mend them, and their running: a line for each, whatever happens."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext, gettext_noop

from juqun.channels.wecom.errors import WecomBusyError, WecomError
from juqun.channels.wecom.operations.checks import access, reach
from juqun.channels.wecom.operations.checks.verdict import Verdict, broken
from juqun.channels.wecom.types import CheckInput, CheckResult
from juqun.kernel.errors import DomainError, NotFoundError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Check:
    key: str
    name: str
    tried: str
    look: Callable[[CheckInput], Verdict]


_CHECKS = tuple(
    _Check(*one)
    for one in (
        ("corp", gettext_noop("Corp and app"), gettext_noop("read the settings"), access.corp),
        ("token", gettext_noop("Access token of the app"), gettext_noop("fetched a token with the app's secret"), access.token),
        ("trusted_ip", gettext_noop("Trusted address"), gettext_noop("called WeCom from this machine"), access.trusted_ip),
        ("secret_kind", gettext_noop("Kind of secret"), gettext_noop("tried what each kind may call"), access.secret_kind),
        ("clock", gettext_noop("WeCom's clock"), gettext_noop("compared the date of WeCom's answers with ours"), access.clocks),
        ("callback", gettext_noop("Callback address"), gettext_noop("asked our own address as WeCom does"), access.callback),
        ("last_callback", gettext_noop("Latest callback"), gettext_noop("looked when WeCom called last"), access.last_callback),
        ("follow_users", gettext_noop("Staff with customer contact"), gettext_noop("read who may talk to customers"), reach.follow_users),
        ("visible_range", gettext_noop("Visible range"), gettext_noop("read the departments that the app sees"), reach.visible_range),
        ("staff", gettext_noop("Staff here and there"), gettext_noop("compared our staff with WeCom's"), reach.staff_on_both_sides),
        ("ways", gettext_noop("Live codes and group codes"), gettext_noop("counted those that the corp has made"), reach.ways),
        ("tags", gettext_noop("Tags"), gettext_noop("counted the corp's tags"), reach.tags),
        ("acquisition", gettext_noop("Acquisition links"), gettext_noop("read the balance"), reach.acquisition),
        ("customer_service", gettext_noop("Customer service"), gettext_noop("read the accounts"), reach.customer_service),
        ("contact_sync", gettext_noop("Address book sync"), gettext_noop("read the address book with its own secret"), access.contact_sync),
        ("archive", gettext_noop("Message archive"), gettext_noop("asked for whom it is open"), access.archive),
        ("blocks", gettext_noop("Blocked calls"), gettext_noop("looked which calls WeCom has blocked"), access.blocks),
    )
)  # fmt: skip


def check_names() -> list[tuple[str, str]]:
    """Key and name of every check, in order."""
    return [(check.key, gettext(check.name)) for check in _CHECKS]


def run_check(*, key: str, given: CheckInput) -> CheckResult:
    """Run one check; never raises but for an unknown key (NotFoundError), and never shows a secret."""
    check = next((one for one in _CHECKS if one.key == key), None)
    if check is None:
        raise NotFoundError
    verdict = _look(check, given)
    return CheckResult(
        key=key,
        name=gettext(check.name),
        tried=gettext(check.tried),
        level=verdict.level,
        seen=verdict.seen,
        remedy=verdict.remedy,
    )


def run_checks(*, given: CheckInput) -> list[CheckResult]:
    """Run all checks, in the order in which one would mend what they find."""
    return [run_check(key=check.key, given=given) for check in _CHECKS]


def _look(check: _Check, given: CheckInput) -> Verdict:
    try:
        return check.look(given)
    except WecomBusyError as error:
        return broken(
            gettext("%(path)s: busy or out of reach (code %(code)s)") % {"path": error.endpoint, "code": error.errcode},
            gettext("Check JUQUN_WECOM_BASE_URL and this machine's way to the internet, then try again in a minute."),
        )
    except WecomError as error:
        seen = gettext("code %(code)s: %(detail)s") % {"code": error.errcode, "detail": error.detail}
        step = error.remedy or error.next_step
        return broken(seen, gettext(step) if step else "")
    except DomainError as error:
        return broken(str(error), "")
    except (
        Exception
    ) as error:  # a self-check that breaks says so in its line; the text might hold an address with a secret
        log.exception("the check %s broke", check.key)
        return broken(type(error).__name__, gettext("Read the log of this process: the check itself broke."))
