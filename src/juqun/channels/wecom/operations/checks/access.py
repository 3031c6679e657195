"""Checks of how we get in and how WeCom gets to us: credentials, addresses, clocks, callbacks."""

import ipaddress
import logging
import secrets
import time
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.db.models import Max
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from juqun.channels.wecom import endpoints
from juqun.channels.wecom.client import get_client
from juqun.channels.wecom.crypto import CallbackCrypto
from juqun.channels.wecom.endpoints import Credential, Endpoint
from juqun.channels.wecom.errors import NoApiRightError, TrustedIpError, WecomCredentialError, WecomRefusedError
from juqun.channels.wecom.models import CallBudget, InboxCallback
from juqun.channels.wecom.operations.checks.verdict import Verdict, broken, doubtful, fine
from juqun.channels.wecom.settings import callback_max_age_seconds, corp_settings
from juqun.channels.wecom.types import CheckInput, InboxState
from juqun.kernel import clock

log = logging.getLogger(__name__)

CALLBACK_TIMEOUT = 5.0
CALLBACK_SECONDS = 1.0
"""WeCom gives up on the check of a URL after one second."""
QUIET_AFTER = timedelta(days=3)
SKEW_SECONDS = 30


def corp(_given: CheckInput) -> Verdict:
    """The settings themselves, before anything is asked."""
    found = corp_settings()
    seen = _("corp %(corp)s, app %(agent)s, at %(server)s") % {
        "corp": found.corp_id or "-", "agent": found.agent_id, "server": found.base_url,
    }  # fmt: skip
    if not found.corp_id.startswith(("ww", "wx")):
        return broken(
            seen, _("Set JUQUN_WECOM_CORP_ID: it begins with ww and stands under My company in WeCom's console.")
        )
    if not found.secrets.of(Credential.APP):
        return broken(seen, _("Set JUQUN_WECOM_SECRET to the secret of the app."))
    return fine(seen)


def token(_given: CheckInput) -> Verdict:
    """A token for the app's secret, asked for even after refusals."""
    get_client().check_token(Credential.APP)
    return fine(_("obtained"))


def trusted_ip(_given: CheckInput) -> Verdict:
    """A call that needs the address to be trusted (fetching a token does not)."""
    try:
        get_client().call(endpoints.DEPARTMENT_SIMPLE_LIST)
    except TrustedIpError as error:
        seen = _("WeCom saw this machine as %(ip)s and does not trust it") % {"ip": error.ip or "?"}
        return broken(seen, _("In WeCom's console add %(ip)s to the app's trusted IPs.") % {"ip": error.ip or "?"})
    except NoApiRightError:
        return fine(_("trusted"))
    return fine(_("trusted"))


def _may(endpoint: Endpoint, params: dict[str, object] | None = None) -> bool | None:
    """Whether our secret may call this; None when that cannot be told."""
    try:
        get_client().call(endpoint, params=params)
    except NoApiRightError:
        return False
    except WecomRefusedError:
        return None
    return True


def secret_kind(_given: CheckInput) -> Verdict:
    """Which of WeCom's kinds of secret ours is, told by what it may call."""
    if _may(endpoints.AGENT_TICKET, {"type": "agent_config"}):
        if _may(endpoints.FOLLOW_USER_LIST) is False:
            return broken(
                _("a self-built app that may not call customer contact"),
                _("In WeCom's console, under customer contact, add the app to those that may call its API."),
            )
        return fine(_("a self-built app"))
    if _may(endpoints.FOLLOW_USER_LIST):
        return doubtful(
            _("the system secret of customer contact, or an app whose kind cannot be told"),
            _("Use the secret of a self-built app: the system secret can neither notify staff nor serve customers."),
        )
    return broken(
        _("the secret of the address book's sync, or an app without rights"),
        _("Set JUQUN_WECOM_SECRET to the secret of a self-built app that may call customer contact."),
    )


def clocks(_given: CheckInput) -> Verdict:
    """This machine's clock beside WeCom's: callbacks and tokens are judged by both."""
    skew = get_client().skew_seconds()
    if skew is None:
        try:
            get_client().call(endpoints.DEPARTMENT_SIMPLE_LIST)
        except (WecomRefusedError, WecomCredentialError):
            log.debug("a refusal tells the time as well")
        skew = get_client().skew_seconds()
    if skew is None:
        return fine(_("WeCom's server tells no time"))
    seen = _("%(skew)s s beside WeCom's") % {"skew": f"{skew:+.0f}"}
    remedy = _("Let this machine's clock follow a time server (timedatectl set-ntp true).")
    if abs(skew) > callback_max_age_seconds() / 2:
        return broken(seen, remedy)
    return doubtful(seen, remedy) if abs(skew) > SKEW_SECONDS else fine(seen)


def callback(given: CheckInput) -> Verdict:
    """Ask our own address as WeCom does when the URL is saved in its console."""
    remedy = _(
        "Set JUQUN_PUBLIC_URL, JUQUN_WECOM_CALLBACK_TOKEN and JUQUN_WECOM_CALLBACK_AES_KEY as in WeCom's console."
    )
    crypto = CallbackCrypto(
        settings.JUQUN_WECOM_CALLBACK_TOKEN, settings.JUQUN_WECOM_CALLBACK_AES_KEY, settings.JUQUN_WECOM_CORP_ID
    )
    word, timestamp, nonce = secrets.token_hex(8), str(int(clock.now().timestamp())), secrets.token_hex(5)
    try:
        echostr = crypto.encrypt(word.encode())
    except ValueError:
        return broken(
            _("the AES key is not one"), _("Copy JUQUN_WECOM_CALLBACK_AES_KEY (43 characters) from WeCom's console.")
        )
    signature = crypto.sign(timestamp, nonce, echostr)
    params = {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce, "echostr": echostr}
    begun = time.monotonic()
    try:
        answer = httpx.get(given.callback_url, params=params, timeout=CALLBACK_TIMEOUT)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        seen = _("%(url)s is out of reach (%(error)s)") % {"url": given.callback_url, "error": type(error).__name__}
        return broken(seen, _("Let the web process run behind JUQUN_PUBLIC_URL, and let the internet reach it."))
    seconds = time.monotonic() - begun
    if answer.text != word:
        return broken(
            _("%(url)s answered HTTP %(status)s") % {"url": given.callback_url, "status": answer.status_code}, remedy
        )
    seen = _("answers and decrypts in %(milliseconds)s ms") % {"milliseconds": round(seconds * 1000)}
    if seconds > CALLBACK_SECONDS:
        return broken(
            seen, _("WeCom gives up after one second: give the web process more room, or look what slows it down.")
        )
    if _is_inside(given.callback_url) and not _is_inside(corp_settings().base_url):
        return broken(seen, _("Nobody outside reaches this address: set JUQUN_PUBLIC_URL to one of the internet."))
    return fine(seen)


def _is_inside(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".local", ".internal", ".lan")) or "." not in host


def last_callback(_given: CheckInput) -> Verdict:
    """When WeCom called us last, genuinely."""
    last = InboxCallback.objects.aggregate(last=Max("received_at"))["last"]
    remedy = _(
        "Save the callback URL in the app's page of WeCom's console, then change a customer's remark in WeCom to cause one."
    )
    if last is None:
        return doubtful(_("none yet"), remedy)
    seen = date_format(last.astimezone(clock.BUSINESS_ZONE), "Y-m-d H:i")
    dead = InboxCallback.objects.filter(state=InboxState.DEAD).count()
    if dead:
        seen = _("%(at)s; %(number)s could not be handled") % {"at": seen, "number": dead}
        return doubtful(seen, _("Open Jobs in the console and read why."))
    return doubtful(seen, remedy) if clock.now() - last > QUIET_AFTER else fine(seen)


def blocks(_given: CheckInput) -> Verdict:
    """Which calls WeCom has blocked for now."""
    rows = CallBudget.objects.filter(corp=corp_settings().corp_id, blocked_until__gt=clock.now()).order_by("endpoint")
    found = [
        f"{endpoint} ({date_format(until.astimezone(clock.BUSINESS_ZONE), 'H:i')})"
        for endpoint, until in rows.values_list("endpoint", "blocked_until")
        if until is not None
    ]
    if not found:
        return fine(_("none"))
    return doubtful(
        ", ".join(found),
        _("Nothing: they go on by themselves. If it happens often, see which other program uses this app's secret."),
    )


def contact_sync(_given: CheckInput) -> Verdict:
    """The secret of the address book's sync, where one is given."""
    if not corp_settings().secrets.of(Credential.CONTACTS):
        return fine(_("not given: staff are read department by department"))
    client = get_client()
    client.check_token(Credential.CONTACTS)
    try:
        client.call(endpoints.USER_LIST_ID, {"limit": 1})
    except NoApiRightError:
        return broken(
            _("not a secret of the address book's sync"),
            _("Copy JUQUN_WECOM_CONTACT_SECRET from management tools, address book sync, or leave it empty."),
        )
    return fine(_("reads the address book"))


def archive(_given: CheckInput) -> Verdict:
    """Whether the message archive is open to our secret; it is paid for, and not needed."""
    try:
        answer = get_client().call(endpoints.ARCHIVE_PERMITTED_USERS, {})
    except (NoApiRightError, WecomRefusedError):
        return fine(_("not open to this app"))
    return fine(_("open for %(number)s people") % {"number": len(answer.get("ids") or ())})
