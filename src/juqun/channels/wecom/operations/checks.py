"""The self-check of the connection, for `juqun doctor`: each line says what was tried, what was seen, and what to do."""

import secrets
from collections.abc import Callable

import httpx
from django.conf import settings
from django.utils.translation import gettext

from juqun.channels.wecom.client import get_client
from juqun.channels.wecom.crypto import CallbackCrypto
from juqun.channels.wecom.endpoints import Credential
from juqun.channels.wecom.errors import WecomError
from juqun.channels.wecom.operations.staff import list_follow_userids
from juqun.channels.wecom.types import CheckResult
from juqun.kernel import clock

_CALLBACK_SECONDS = 5.0


def run_checks(*, callback_url: str) -> list[CheckResult]:
    """Try what everything else stands on: token of the app, staff with customer contact, callback URL. Never raises."""
    return [
        _check(
            gettext("Access token of the app"),
            _token,
            gettext("Set JUQUN_WECOM_CORP_ID and JUQUN_WECOM_SECRET, and add this machine to the app's trusted IPs."),
        ),
        _check(
            gettext("Staff with customer contact"),
            _follow_users,
            gettext("In WeCom's console switch customer contact on for staff, and let the app call it and see them."),
        ),
        _check(
            gettext("Callback address"),
            lambda: _callback(callback_url),
            gettext(
                "Set JUQUN_WECOM_CALLBACK_TOKEN and JUQUN_WECOM_CALLBACK_AES_KEY as in WeCom's console and let WeCom reach it."
            ),
        ),
    ]


def _check(name: str, attempt: Callable[[], str], remedy: str) -> CheckResult:
    try:
        return CheckResult(name=name, is_ok=True, seen=attempt())
    except (WecomError, httpx.HTTPError, ValueError) as error:
        return CheckResult(name=name, is_ok=False, seen=str(error) or type(error).__name__, remedy=remedy)


def _token() -> str:
    get_client().check_token(Credential.APP)
    return gettext("obtained")


def _follow_users() -> str:
    count = len(list_follow_userids())
    if not count:
        raise ValueError(gettext("nobody"))
    return gettext("%(count)s people") % {"count": count}


def _callback(url: str) -> str:
    """Ask our own address as WeCom does when the URL is saved in its console."""
    crypto = CallbackCrypto(
        settings.JUQUN_WECOM_CALLBACK_TOKEN, settings.JUQUN_WECOM_CALLBACK_AES_KEY, settings.JUQUN_WECOM_CORP_ID
    )
    word, timestamp, nonce = secrets.token_hex(8), str(int(clock.now().timestamp())), secrets.token_hex(5)
    echostr = crypto.encrypt(word.encode())
    signature = crypto.sign(timestamp, nonce, echostr)
    params = {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce, "echostr": echostr}
    answer = httpx.get(url, params=params, timeout=_CALLBACK_SECONDS)
    if answer.text != word:
        raise ValueError(gettext("%(url)s answered HTTP %(status)s") % {"url": url, "status": answer.status_code})
    return gettext("answers and decrypts")
