"""What the values of the rooms are called on screen. Keys are the enums' own values; unknown ones are shown as they are."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = Mapping[str, Promise | str]

ROLE: Final[Words] = {
    "hq_lead": _("Headquarters lead"), "city_operator": _("City operator"), "store_manager": _("Store manager"),
    "store_operator": _("Store operator"), "guide": _("Guide"), "cashier": _("Cashier"),
}  # fmt: skip
NODE: Final[Words] = {"chain": _("Chain"), "province": _("Province"), "city": _("City"), "store": _("Store")}
POLICY: Final[Words] = {
    "messages_per_day": _("Messages per customer and day"), "messages_per_month": _("Messages per customer and month"),
    "quiet_from_hour": _("Quiet from (hour)"), "quiet_to_hour": _("Quiet until (hour)"),
    "group_capacity": _("People per group"), "holdout_basis_points": _("Holdout (1/100 %)"),
    "customers_per_keeper": _("Customers per keeper"),
    "handover_auto_approve_hours": _("Hand-over approved after (hours, 0: by a person)"),
    "keeperless_days": _("Days without a keeper before it is shown"),
}  # fmt: skip
MODE: Final[Words] = {"fixed": _("fixed"), "range": _("free inside a range"), "free": _("free")}
IDENTITY: Final[Words] = {
    "phone": _("Phone"), "unionid": _("WeChat unionid"), "external_userid": _("WeCom customer"), "openid": _("Openid"),
    "card": _("Card"),
}  # fmt: skip
GROUP: Final[Words] = {"open": _("open"), "full": _("full"), "silent": _("silent"), "dismissed": _("dismissed")}
GROUP_ROLE: Final[Words] = {
    "member": _("member"), "seed": _("seed user"), "koc": _("opinion consumer (KOC)"), "kol": _("opinion leader (KOL)"),
}  # fmt: skip
ENTRY: Final[Words] = {
    "waiting": _("waits for a group"), "pending": _("being written"), "ready": _("ready"), "refused": _("refused by WeCom"),
    "unstaffed": _("nobody left to take customers"), "retired": _("retired"), "disputed": _("differs in WeCom"),
    "closed": _("closed"),
}  # fmt: skip
SOURCE: Final[Words] = {
    "till": _("Till"), "poster": _("Poster"), "community": _("Residential community"), "company": _("Company"),
    "school": _("School"), "official_account": _("Official account"), "moments": _("Moments"),
    "referral": _("Referral"), "sms": _("Text message"), "organic": _("Organic"), "unknown": _("Unknown code"),
    "message": _("Campaign message"), "group": _("Group"), "link": _("Tracked link"), "coupon": _("Coupon"),
    "campaign": _("Campaign"), "import": _("Import"), "pos": _("Till"), "h5": _("Phone shop"), "live_code": _("Live code"),
    "wecom": _("WeCom"), "manual": _("By hand"), "source": _("By source"),
}  # fmt: skip
CAMPAIGN: Final[Words] = {
    "draft": _("draft"), "planned": _("planned"), "sending": _("sending"), "sent": _("handed to staff"),
    "stopped": _("stopped"), "done": _("done"),
}  # fmt: skip
MESSAGE: Final[Words] = {
    "planned": _("planned"), "queued": _("queued"), "created": _("waits for staff"), "sent": _("delivered"),
    "refused": _("refused"), "unknown": _("being looked up"), "cancelled": _("cancelled"), "skipped": _("not sent"),
}  # fmt: skip
REASON: Final[Words] = {
    "holdout": _("held out for comparison"), "not_friend": _("not a friend of staff"), "no_consent": _("no consent to marketing"),
    "capped_day": _("enough messages today"), "capped_month": _("enough messages this month"), "quiet": _("quiet hours"),
    "no_staff": _("nobody can send it"), "no_store": _("no store yet"), "no_coupon": _("no coupon left"),
    "merged": _("merged into another member"), "capped": _("limit of WeCom reached"), "rejected": _("rejected by WeCom"),
    "call_refused": _("task refused by WeCom"), "stopped": _("campaign was stopped"), "expired": _("not confirmed in time"),
    "sender_left": _("the sender left the company"),
}  # fmt: skip
UNIT: Final[Words] = {"member": _("by member"), "store": _("by store"), "group": _("by group")}
COUPON: Final[Words] = {
    "issued": _("issued"), "frozen": _("held for an order"), "used": _("used"), "expired": _("expired"), "void": _("withdrawn"),
}  # fmt: skip
TEMPLATE: Final[Words] = {"draft": _("draft"), "on": _("on"), "paused": _("paused"), "ended": _("ended")}
RUN: Final[Words] = {"planning": _("waiting"), "running": _("running"), "done": _("done"), "failed": _("failed")}
SYNC: Final[Words] = {"staff": _("Staff"), "contacts": _("Customers"), "groups": _("Groups")}
SYNC_MODE: Final[Words] = {"take_up": _("sync"), "reconcile": _("reconcile")}
FINDING: Final[Words] = {
    "added": _("added"), "lost": _("ended"), "edited": _("changed"), "refused": _("not read"),
}  # fmt: skip
# Why something was not read, and what to do about it; other codes are WeCom's own.
SYNC_CODE: Final[Words] = {
    "not_among_staff": _("is not among the staff: enter or import them, then sync again"),
    "not_listed": _("has no customer contact in WeCom: switch it on there, or let the app see them"),
    "60011": _("is outside the app's visible range: widen it in WeCom's console"),
    "84061": _("has no customer contact in WeCom: switch it on there, or let the app see them"),
}  # fmt: skip
IMPORT: Final[Words] = {
    "tree": _("Organisation tree"), "staff": _("Staff"),
    "members": _("Members"), "products": _("Products"), "orders": _("Order lines"), "redemptions": _("Coupon redemptions"),
}  # fmt: skip
JOB: Final[Words] = {"waiting": _("waiting"), "running": _("running"), "dead": _("dead letter")}
WELCOME: Final[Words] = {
    "sending": _("being sent"), "sent": _("sent"), "late": _("too late (20 s)"), "refused": _("refused by WeCom"),
    "unknown": _("answer lost"), "nothing": _("no text"),
}  # fmt: skip
OUTCOME: Final[Words] = {
    "waiting": _("waiting"), "answered": _("answered by keyword"), "handed": _("handed to staff"),
    "window_closed": _("WeCom's limit reached, handed to staff"), "with_servicer": _("with a person"),
    "refused": _("refused by WeCom"), "recorded": _("needs no answer"),
    "missed": _("asked to say it in other words"),
}  # fmt: skip
PURPOSE: Final[Words] = {
    "welcome": _("Welcome on entering"), "queue": _("While waiting for a person"), "off_hours": _("Outside of these hours"),
    "missed": _("Where it did not understand"), "person": _("Where no person can be reached"), "goodbye": _("Goodbye at the end"),
}  # fmt: skip
SERVICER: Final[Words] = {
    "serving": _("serving"), "paused": _("paused"), "stopped": _("not serving"), "unknown": _("unknown"),
}  # fmt: skip
SESSION: Final[Words] = {
    "0": _("new"), "1": _("with the robot"), "2": _("waiting for a person"), "3": _("with a person"), "4": _("ended"),
}  # fmt: skip
AUTHOR: Final[Words] = {
    "customer": _("customer"), "servicer": _("servicer"), "robot": _("robot"), "system": _("what happened"),
}  # fmt: skip
SEND: Final[Words] = {"planned": _("on its way"), "late": _("too late, not sent"), "refused": _("refused by WeCom")}
KF_KIND: Final[Words] = {
    "image": _("[picture]"), "voice": _("[voice]"), "video": _("[video]"), "file": _("[file]"), "location": _("[place]"),
    "link": _("[link]"), "business_card": _("[card]"), "miniprogram": _("[mini-program]"), "recalled": _("[taken back]"),
    "enter_session": _("opened the chat"), "session_status_change": _("a servicer moved the conversation"),
    "msg_send_fail": _("a message did not arrive"), "user_recall_msg": _("the customer took a message back"),
    "servicer_recall_msg": _("the servicer took a message back"),
    "reject_customer_msg_switch_change": _("the servicer switched messages off or on"),
}  # fmt: skip
GENDER: Final[Words] = {"male": _("male"), "female": _("female"), "unknown": _("unknown"), "": _("unknown")}
HANDOVER: Final[Words] = {
    "collecting": _("looks for keepers"), "proposed": _("to be approved"), "running": _("under way"), "done": _("done"),
    "cancelled": _("withdrawn"),
}  # fmt: skip
GIVING: Final[Words] = {
    "left": _("left the company"),
    "moved": _("moves to another place"),
    "on_request": _("on request"),
}
ITEM: Final[Words] = {
    "planned": _("planned"), "requested": _("asked"), "waiting": _("within 24 hours"), "done": _("has a keeper"),
    "refused": _("customer refused"), "taker_full": _("without keeper"), "blocked": _("later"), "unreachable": _("not a friend"),
}  # fmt: skip
WHY: Final[Words] = {
    "relation": _("friends already"), "same_store": _("same store"), "upwards": _("nearest up the tree"),
    "chosen": _("chosen"), "next": _("next in turn"), "came": _("came by themselves"), "nobody": _("nobody"),
}  # fmt: skip
LOST_BY: Final[Words] = {"customer": _("by the customer"), "staff": _("by staff"), "transfer": _("by hand-over"),
    "reconcile": _("found ended at the nightly reconcile"),
}  # fmt: skip

DRIFT: Final[Words] = {
    "contact_way": _("Live code"), "join_way": _("Way in"), "corp_tag": _("Tag"), "group_welcome": _("Group welcome"),
}  # fmt: skip
DRIFT_CHOICE: Final[Words] = {
    "put_ours_back": _("ours put back"), "take_theirs": _("WeCom's taken over"), "ignore": _("left as it is"),
    "None": _("went away by itself"),
}  # fmt: skip
DRIFT_FIELD: Final[Words] = {
    "users": _("Staff"), "parties": _("Departments"), "remark": _("Remark"), "state": _("State code"),
    "skip_verify": _("Customers are friends at once"), "chat_ids": _("Groups"),
    "auto_create_room": _("WeCom opens the next group"), "room_base_name": _("Name of the next groups"),
    "room_base_id": _("Number of the next group"), "name": _("Name"), "group_name": _("Tag group"), "text": _("Text"),
    "attachment": _("Attachment"),
}  # fmt: skip
DRIFT_BLOCKER: Final[Words] = {
    "state": _("its state code was changed: customers who come through it would be counted nowhere"),
    "parties": _("it names whole departments; Juqun counts customers by person"),
    "unknown_staff": _("it names people who are not among the active staff here"),
    "nobody": _("it names nobody"),
    "no_remark": _("it has no remark; staff would not know where a customer comes from"),
    "unknown_chats": _("it leads to groups that are not known here"),
    "chats_elsewhere": _("it leads to groups that belong to another way in"),
    "no_base_name": _("WeCom would name the next groups by itself, and they would not be recognised"),
    "number_used": _("the next group would get a number that was used already"),
    "attachment": _("it carries an attachment of a kind that is not kept here"),
    "picture": _("its picture is in WeCom only"),
    "no_text": _("it has no text"),
}  # fmt: skip
BOOKS: Final[Mapping[str, Words]] = {
    "role": ROLE, "node": NODE, "policy": POLICY, "mode": MODE, "identity": IDENTITY, "group": GROUP,
    "group_role": GROUP_ROLE, "entry": ENTRY, "source": SOURCE, "campaign": CAMPAIGN, "message": MESSAGE,
    "reason": REASON, "unit": UNIT, "coupon": COUPON, "template": TEMPLATE, "run": RUN, "import": IMPORT, "job": JOB,
    "drift": DRIFT, "drift_choice": DRIFT_CHOICE, "drift_field": DRIFT_FIELD, "drift_blocker": DRIFT_BLOCKER,
    "welcome": WELCOME, "outcome": OUTCOME, "purpose": PURPOSE, "servicer": SERVICER,
    "session": SESSION, "author": AUTHOR, "send": SEND, "kf_kind": KF_KIND, "gender": GENDER, "lost_by": LOST_BY,
    "sync": SYNC, "sync_mode": SYNC_MODE, "finding": FINDING, "sync_code": SYNC_CODE,
    "handover": HANDOVER, "giving": GIVING, "item": ITEM, "why": WHY,
}  # fmt: skip

# Colour of a state: what is well, what needs a look, what is over or went wrong.
TONE: Final[Mapping[str, str]] = {
    "open": "good", "ready": "good", "sent": "good", "done": "good", "on": "good", "used": "good", "answered": "good",
    "full": "warn", "silent": "bad", "dismissed": "mute", "waiting": "warn", "pending": "warn", "refused": "bad",
    "unstaffed": "bad", "retired": "mute", "disputed": "bad", "closed": "mute", "put_ours_back": "info", "take_theirs": "info",
    "ignore": "mute", "draft": "mute", "planned": "info", "sending": "info", "stopped": "bad",
    "queued": "info", "created": "info", "unknown": "warn", "cancelled": "mute", "skipped": "mute", "issued": "info",
    "frozen": "warn", "expired": "mute", "void": "mute", "paused": "warn", "ended": "mute", "running": "info",
    "failed": "bad", "dead": "bad", "late": "bad", "handed": "info", "window_closed": "warn", "nothing": "mute",
    "with_servicer": "info", "recorded": "mute", "planning": "warn", "serving": "good", "added": "good", "lost": "warn", "edited": "info",
    "collecting": "info", "proposed": "warn", "requested": "info", "taker_full": "bad", "blocked": "warn",
    "unreachable": "mute",
}  # fmt: skip

# A line of a member's time line: icon and sentence; the sentence's fields come from the entry and from `timeline_fields`.
TIMELINE: Final[Mapping[str, tuple[str, Promise | str]]] = {
    "joined": ("person_add", _("Became known (%(source)s)")),
    "friend_added": ("handshake", _("Became a friend of %(staff)s")),
    "friend_lost": ("person_remove", _("Friendship with %(staff)s ended %(by)s")),
    "handed_over": ("swap_horiz", _("Handed over from %(from_staff)s to %(staff)s")),
    "merged": ("merge", _("Another entry of the same person was merged in by %(actor)s")),
    "merge_undone": ("call_split", _("A merge was undone by %(actor)s")),
    "store_assigned": ("storefront", _("Now belongs to %(store)s")),
    "erased": ("delete_forever", _("Personal data was erased by %(actor)s")),
    "robot.entered_service": ("support_agent", _("Came into customer service (%(account)s)")),
    "promotions.coupon_issued": ("confirmation_number", _("Got the coupon %(coupon)s")),
    "promotions.coupon_redeemed": ("redeem", _("Used a coupon: %(amount)s off")),
    "commerce.order_paid": ("shopping_bag", _("Bought for %(amount)s")),
}  # fmt: skip


def word(book: str, value: Any) -> str:
    """Return what a value is called, in the reader's language."""
    key = str(value)
    return str(BOOKS[book].get(key, key))


def source_word(value: str) -> str:
    """Return what a source of the lake is called; `live_code:till` and the like are told by their last part."""
    return word("source", value.rsplit(":", 1)[-1])


def timeline_sentence(kind: str, fields: Mapping[str, str]) -> tuple[str, str]:
    """Return icon and sentence of a line in a time line; a kind that nobody named is shown as it is."""
    icon, sentence = TIMELINE.get(kind, ("circle", ""))
    if not sentence:
        return icon, kind
    names = ("source", "staff", "from_staff", "by", "actor", "store", "coupon", "amount", "account")
    known = dict.fromkeys(names, "?")
    return icon, str(sentence) % {**known, **fields}
