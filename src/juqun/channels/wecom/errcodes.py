"""The one table of WeCom's return codes: code -> kind of error and what to do about it, by area where a number means two things.

Codes and meanings: the official pages of each call and WeCom's list of global return codes. A code that is not here is unknown:
it is refused for good and shown with the whole text that WeCom sent, because guessing at a meaning would hide it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_noop as _

from juqun.channels.wecom import errors
from juqun.channels.wecom.errors import WecomError


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code stands for; `remedy` "" = the next step of its kind. `seconds`: how long to wait, for busy codes only."""

    kind: type[WecomError]
    remedy: str = ""
    seconds: float = 0.0


BUSY_SECONDS = 2.0
CONCURRENCY_SECONDS = 1.0
MINUTE_BLOCK_SECONDS = 60.0

_OTHER_AGENT: Final = Meaning(
    errors.WecomCredentialError,
    _("The agent id is not that of the secret: compare both on the app's page in WeCom's console."),
)
_UNKNOWN_USERID: Final = Meaning(
    errors.StaffRefusedError, _("This userid is not in WeCom's address book: correct it in the organisation.")
)

_COMMON: Mapping[int, Meaning] = {
    -1: Meaning(errors.WecomBusyError, seconds=BUSY_SECONDS),
    45009: Meaning(errors.WecomBusyError, seconds=MINUTE_BLOCK_SECONDS),
    45033: Meaning(errors.WecomBusyError, seconds=CONCURRENCY_SECONDS),
    41096: Meaning(errors.WecomBusyError, seconds=CONCURRENCY_SECONDS),
    # the token: renewed and repeated by the client
    40014: Meaning(errors.WecomTokenError),
    42001: Meaning(errors.WecomTokenError),
    41001: Meaning(errors.WecomTokenError),
    # credentials, rights
    40001: Meaning(
        errors.WecomCredentialError,
        _("The secret is wrong, or of another app: copy it again from the app's page in WeCom's console."),
    ),
    40013: Meaning(errors.WecomCredentialError, _("The corp id is wrong: copy it from My company in WeCom's console.")),
    41002: Meaning(errors.WecomCredentialError, _("Set JUQUN_WECOM_CORP_ID to the id of the corp.")),
    41004: Meaning(errors.WecomCredentialError, _("Set JUQUN_WECOM_SECRET to the secret of the app.")),
    40056: _OTHER_AGENT,
    42009: _OTHER_AGENT,
    48002: Meaning(errors.NoApiRightError),
    50001: Meaning(
        errors.WecomCredentialError, _("In WeCom's console enter this site's domain as a trusted domain of the app.")
    ),
    60020: Meaning(errors.TrustedIpError),
    # ranges, people
    60011: Meaning(errors.VisibleRangeError),
    84074: Meaning(
        errors.VisibleRangeError,
        _("In WeCom's console switch customer contact on for this person and put them into the app's visible range."),
    ),
    301002: Meaning(
        errors.VisibleRangeError,
        _(
            "Made by another app, outside of the visible range, or a person without interface licence: look in WeCom's console."
        ),
    ),
    81017: Meaning(
        errors.VisibleRangeError, _("The app sees more than 1,000 people: the list is read owner by owner.")
    ),
    40003: _UNKNOWN_USERID,
    60111: _UNKNOWN_USERID,
    40098: Meaning(errors.StaffRefusedError, _("This person has to verify their real name in WeCom first.")),
    84083: Meaning(errors.StaffRefusedError, _("In WeCom's console switch customer contact on for this person.")),
    81013: Meaning(errors.StaffRefusedError, _("None of the receivers is in the app's visible range.")),
    # customers
    84061: Meaning(errors.NotAContactError),
    40096: Meaning(errors.NotAContactError, _("WeCom does not know this customer's id: read the customer again.")),
    # requests
    40008: Meaning(errors.WecomRequestError),
    40058: Meaning(errors.WecomRequestError),
    40063: Meaning(errors.WecomRequestError),
    40066: Meaning(errors.WecomRequestError),
    41009: Meaning(errors.WecomRequestError),
    41016: Meaning(errors.WecomRequestError),
    41035: Meaning(errors.WecomRequestError),
    41049: Meaning(errors.WecomRequestError),
    43001: Meaning(errors.WecomRequestError),
    43002: Meaning(errors.WecomRequestError),
    45002: Meaning(errors.WecomRequestError, _("The text is too long: shorten it.")),
    600018: Meaning(
        errors.WecomRequestError, _("Choose a time range of at most 30 days within the last 180 days, up to yesterday.")
    ),
    40029: Meaning(errors.LoginRefusedError),
    # address book
    60003: Meaning(errors.AddressBookError),
    60004: Meaning(errors.AddressBookError),
    60005: Meaning(errors.AddressBookError, _("The department still has members: move them first.")),
    60006: Meaning(
        errors.AddressBookError, _("The department still has departments below it: delete or move them first.")
    ),
    60008: Meaning(errors.AddressBookError, _("A department of this name is already there.")),
    60102: Meaning(errors.AddressBookError, _("A member of this userid is already there.")),
    # ways, groups
    41037: Meaning(errors.WayRefusedError),
    41038: Meaning(errors.WayRefusedError),
    41039: Meaning(errors.WayRefusedError),
    41040: Meaning(errors.WayRefusedError),
    41041: Meaning(
        errors.WayRefusedError, _("A live code holds at most 100 people, counted with those of its departments.")
    ),
    41042: Meaning(errors.WayRefusedError),
    41043: Meaning(errors.WayRefusedError),
    41044: Meaning(errors.WayRefusedError),
    41045: Meaning(
        errors.WecomQuotaError,
        _("The corp's 500,000 live codes and group codes are used up: delete those that nobody scans any more."),
    ),
    40050: Meaning(errors.ChatUnknownError),
    41063: Meaning(errors.ChatUnknownError),
    # tags
    40068: Meaning(errors.TagRefusedError),
    40071: Meaning(errors.TagRefusedError),
    40072: Meaning(errors.TagRefusedError, _("A tag's name has at most 30 characters: shorten it.")),
    301021: Meaning(
        errors.TagRefusedError, _("A tag of this name is already there: read the tags again and use that one.")
    ),
    40126: Meaning(
        errors.WecomQuotaError, _("The corp has as many tags as WeCom allows: delete tags that nobody uses.")
    ),
    # send tasks, media
    41046: Meaning(errors.SendTaskRefusedError),
    41047: Meaning(errors.SendTaskRefusedError),
    41048: Meaning(errors.SendTaskRefusedError),
    41050: Meaning(errors.WecomRequestError),
    41051: Meaning(errors.WecomRequestError),
    41055: Meaning(
        errors.WecomQuotaError, _("WeCom keeps at most 100 group welcomes: delete those that no group uses.")
    ),
    40004: Meaning(errors.MediaRefusedError),
    40006: Meaning(errors.MediaRefusedError),
    40007: Meaning(
        errors.MediaRefusedError, _("The uploaded file is older than 3 days or was never there: upload it again.")
    ),
    41006: Meaning(errors.MediaRefusedError),
    44001: Meaning(errors.MediaRefusedError),
    41064: Meaning(errors.MediaRefusedError),
    41065: Meaning(errors.MediaRefusedError),
    # hand-over
    40097: Meaning(
        errors.TransferRefusedError,
        _("The former keeper still works here: hand the customers over as of a person on the job."),
    ),
    40099: Meaning(
        errors.TransferRefusedError, _("The new keeper has as many customers as WeCom allows: choose another one.")
    ),
    40100: Meaning(
        errors.TransferRefusedError, _("A hand-over of this customer is already running: wait for its result.")
    ),
    40128: Meaning(
        errors.TransferRefusedError,
        _("This customer was handed over twice within 90 days: wait until one of these is older."),
    ),
    90500: Meaning(
        errors.TransferRefusedError, _("The group's owner has not left: hand the group over as of a person on the job.")
    ),
    90501: Meaning(errors.TransferRefusedError, _("This is no customer group: it cannot be handed over.")),
    90502: Meaning(
        errors.TransferRefusedError, _("The group's owner has left: hand the group over as of a person who left.")
    ),
    90507: Meaning(errors.TransferRefusedError),
    90508: Meaning(errors.TransferRefusedError),
}

_MOMENTS: Mapping[int, Meaning] = {
    **dict.fromkeys(range(41059, 41068), Meaning(errors.MomentRefusedError)),
    41078: Meaning(
        errors.WecomQuotaError,
        _("The number of moments that the corp may publish is used up: wait for the next period."),
    ),
    41079: Meaning(errors.MomentRefusedError),
    41089: Meaning(errors.MomentRefusedError, _("The moment is empty: give it a text or a picture.")),
}

_KF: Mapping[int, Meaning] = {
    90207: Meaning(errors.KfSettingsError, _("The mini program's appid is not one of this corp's.")),
    95000: Meaning(
        errors.KfSettingsError,
        _("The app may not manage this account: allow it under customer service in WeCom's console."),
    ),
    95001: Meaning(errors.KfWindowClosedError),
    95002: Meaning(errors.KfWindowClosedError),
    95003: Meaning(
        errors.WecomQuotaError,
        _("A corp that is not verified may serve only so many customers: have the corp verified."),
    ),
    95004: Meaning(errors.KfSettingsError, _("The account was deleted: read the accounts again.")),
    95005: Meaning(errors.WecomQuotaError, _("The corp has as many customer-service accounts as WeCom allows.")),
    95006: Meaning(errors.KfSettingsError, _("WeCom does not take this name for an account.")),
    95007: Meaning(errors.KfTokenOldError),
    95008: Meaning(errors.WecomRequestError, _("The menu has too many entries.")),
    95009: Meaning(errors.WecomRequestError, _("The menu has an entry of a kind that WeCom does not know.")),
    95011: Meaning(
        errors.KfSettingsError,
        _("Customer service is used inside WeCom already: give the account to the API in WeCom's console."),
    ),
    95012: Meaning(errors.KfSettingsError, _("Switch customer service on in WeCom's console.")),
    95013: Meaning(errors.KfWindowClosedError),
    95014: Meaning(
        errors.KfStateError,
        _("This person is no servicer of the account, or not serving now: choose another one or the pool."),
    ),
    95015: Meaning(
        errors.KfSettingsError,
        _("WeCom's own welcome is switched on for this account: switch it off, or leave ours out."),
    ),
    95016: Meaning(errors.KfStateError),
    95017: Meaning(errors.NoApiRightError, _("In WeCom's console let the API manage this customer-service account.")),
    95018: Meaning(errors.KfStateError),
    95021: Meaning(
        errors.KfSettingsError,
        _("This person or group is not in the account's upgrade range: add it in WeCom's console."),
    ),
}

_WELCOME: Mapping[int, Meaning] = dict.fromkeys((41050, 41051, 40058), Meaning(errors.WelcomeSpentError))
_KF_WELCOME: Mapping[int, Meaning] = {**_WELCOME, 95013: Meaning(errors.WelcomeSpentError)}

# the first area whose path the call's begins with wins; what it does not say is looked for in the common table
AREAS: Mapping[str, Mapping[int, Meaning]] = {
    "externalcontact/send_welcome_msg": _WELCOME,
    "externalcontact/add_moment_task": _MOMENTS,
    "externalcontact/cancel_moment_task": _MOMENTS,
    "externalcontact/get_moment": _MOMENTS,
    "kf/send_msg_on_event": {**_KF, **_KF_WELCOME},
    "kf/": _KF,
    "": _COMMON,
}
UNKNOWN_CODE_REMEDY = _(
    "This version does not know the code: look it up at open.work.weixin.qq.com/devtool/query, and tell us."
)


def meaning(path: str, errcode: int) -> Meaning | None:
    """The meaning of a code that the call at `path` answered; None for one that no table has."""
    for area, table in AREAS.items():
        if path.startswith(area) and errcode in table:
            return table[errcode]
    return None
