"""Error codes of the WeCom API with their texts, and the two errors the emulator raises.

Texts follow WeCom's public list of return codes; clients must decide on the number alone.
"""

import hashlib

TEXTS: dict[int, str] = {
    -1: "system busy",
    40001: "invalid credential",
    40003: "invalid userid",
    40004: "invalid media file type",
    40006: "invalid file size",
    40007: "invalid media_id",
    40008: "invalid message type",
    40009: "invalid image size",
    40013: "invalid corpid",
    40014: "invalid access_token",
    40029: "invalid oauth code",
    40050: "invalid chatid",
    40056: "invalid agentid",
    40058: "invalid Request Parameter",
    40063: "some parameters are empty",
    40066: "invalid party list",
    40068: "invalid tagid",
    40070: "invalid tag user list",
    40071: "invalid tag name",
    40072: "invalid tag name length",
    40096: "invalid external userid",
    40097: "user has not left the corp",
    40098: "user not real name authenticated",
    40099: "external contact count exceeds limit",
    40100: "external contact is already in transfer",
    40126: "corp tag count exceeds limit",
    40128: "external contact was transferred too often",
    41001: "access_token missing",
    41002: "corpid missing",
    41004: "corpsecret missing",
    41006: "media_id missing",
    41009: "userid missing",
    41016: "title missing",
    41035: "external userid missing",
    41037: "contact way type missing",
    41038: "contact way scene missing",
    41039: "invalid contact way type",
    41040: "invalid contact way scene",
    41041: "contact way user count exceeds limit",
    41042: "invalid contact way style",
    41043: "contact way config_id missing",
    41044: "invalid contact way config_id",
    41045: "contact way count exceeds limit",
    41046: "group message id missing",
    41047: "invalid group message id",
    41048: "no customer to send",
    41049: "welcome code missing",
    41050: "invalid welcome code",
    41051: "externaluser has started chatting",
    41055: "group welcome template count exceeds limit",
    41059: "moment_id missing",
    41060: "invalid moment_id",
    41061: "invalid moment sender",
    41062: "invalid jobid",
    41063: "invalid chat_id",
    41064: "invalid attachments size",
    41065: "invalid attachments msgtype",
    41066: "invalid text size",
    41067: "invalid moment customer tag",
    41078: "moment quota of the month is used up",
    41089: "text and attachments can not be both empty",
    41096: "another app is sending the welcome message",
    42001: "access_token expired",
    43001: "require GET method",
    43002: "require POST method",
    44001: "empty media data",
    45001: "media file size out of limit",
    45002: "content size out of limit",
    45008: "article count out of limit",
    45009: "api freq out of limit",
    45029: "count exceeds limit",
    45033: "api concurrent out of limit",
    48002: "api forbidden",
    50001: "redirect_uri domain not trusted",
    60001: "invalid department name length",
    60002: "department level exceeds limit",
    60003: "department not found",
    60004: "parent department not found",
    60005: "department has members",
    60006: "department has sub-departments",
    60007: "root department can not be deleted",
    60008: "department existed",
    60009: "invalid character in department name",
    60010: "circular department relation",
    60011: "no privilege to access/modify contact/party/agent",
    60020: "not allow to access from your ip",
    60102: "userid existed",
    60103: "invalid mobile",
    60104: "mobile existed",
    60105: "invalid email",
    60106: "email existed",
    60110: "user department count exceeds limit",
    60111: "userid not found",
    60112: "invalid user name",
    60123: "invalid department id",
    81013: "user & party & tag all invalid",
    81017: "owner_filter is needed when more than 1000 members are visible",
    84061: "not external contact",
    84074: "no external contact privilege",
    84083: "user is not a service member",
    86001: "chatid missing",
    86003: "invalid chatid",
    86006: "invalid member count",
    86215: "chatid existed",
    86216: "invalid member",
    86217: "owner is not a member",
    90207: "invalid miniprogram appid",
    90500: "the owner of the group has not left",
    90501: "not an external group",
    90502: "the owner of the group has left",
    90507: "the group was transferred too often",
    90508: "too many groups were transferred to one member today",
    93000: "invalid webhook url",
    95000: "invalid open_kfid",
    95001: "send msg count limit",
    95002: "send msg time limit",
    95005: "kf account count exceeds limit",
    95006: "invalid kf account name",
    95007: "invalid msg token",
    95008: "too many menu items",
    95009: "invalid menu item type",
    95013: "session is closed",
    95014: "user is not a servicer, not serving or not activated",
    95015: "native welcome is configured",
    95016: "service state change is not allowed",
    95018: "send msg session status invalid",
    95021: "member or group is not in the upgrade range",
    301002: "no privilege on this object",
    301019: "media file md5 mismatch",
    301052: "the corp has no message archive",
    600018: "invalid time range",
    830001: "invalid url",
    830003: "url download failed",
}


class WeComError(Exception):
    """An API call is refused with WeCom's errcode; the HTTP status stays 200."""

    def __init__(self, errcode: int, detail: str = "") -> None:
        self.errcode = errcode
        self.text = detail or TEXTS.get(errcode, "unknown error")
        super().__init__(f"{errcode} {self.text}")


class ActorError(Exception):
    """An actor of the admin API cannot do what was asked; `code` says why and `status` is the HTTP status."""

    def __init__(self, code: str, message: str, *, status: int = 409) -> None:
        self.code = code
        self.status = status
        super().__init__(message)


def errmsg(errcode: int, text: str, *, timestamp: int, number: int, ip: str) -> str:
    """Return errmsg in the documented form `text, hint: [ts_n_hash], from ip: x, more info at URL`."""
    mark = hashlib.blake2b(f"{timestamp}:{number}".encode(), digest_size=16).hexdigest()
    more = f"https://open.work.weixin.qq.com/devtool/query?e={errcode}"
    return f"{text}, hint: [{timestamp}_{number % 100}_{mark}], from ip: {ip}, more info at {more}"
