"""The routes that the phones and this description itself are read by, in the notation of `notation`."""

from wecom_emulator.contract.routes import Route

AREA = "phones"
LAST = "{at: int, text: str}"
LINE = "{at: int, from: str, name: str, mine: bool, text: str, attachments: [obj], via: str, kind: str, msgid: str}"
GROUP = (
    "chat_id: str, name: str, owner: str, owner_name: str, notice: str, size: int, dismissed: bool, internal: bool, "
    "template_id: str"
)
STAFF = "userid: str, name: str, department: [int], position: str, feature_on: bool, status: int"
APP = "agent_id: int, name: str, kind: str, secret: str, visible_users: [str]|null, visible_departments: [int]|null"

PHONE_ROUTES: dict[tuple[str, str], Route] = {
    ("GET", "/people"): Route(
        does="Find customers or staff by id or name; `after` goes on, in the answer 0 at the end.",
        area=AREA,
        query="kind?: 'customers'|'staff', q?: str, after?: int",
        gives="people: [obj], after: int",
    ),
    ("GET", "/codes"): Route(
        does="What can be scanned or opened: contact ways, join ways, acquisition links, kf accounts.",
        area=AREA,
        query="q?: str",
        gives="codes: [{kind: 'contact'|'join'|'link', config_id?: str, url?: str, remark: str, state: str, at: int}], "
        "desks: [{open_kfid: str, name: str}]",
    ),
    ("GET", "/console"): Route(
        does="The corp as its console shows it: apps with their ranges, callback urls, departments.",
        area=AREA,
        gives=f"corp_id: str, name: str, apps: [{{{APP}}}], "
        "callbacks: [{url: str, token: str, encoding_aes_key: str, agent_id: int|null}], "
        "departments: [{id: int, name: str, parentid: int}]",
    ),
    ("PATCH", "/apps/{agent_id}"): Route(
        does="Set the visible range of an app; null for both is the whole corp.",
        area=AREA,
        takes="visible_users?: [str]|null, visible_departments?: [int]|null",
        gives="agent_id: int, visible_users: [str]|null, visible_departments: [int]|null",
        example={"visible_users": None, "visible_departments": [2]},
        refusals=("unknown_app",),
    ),
    ("GET", "/actors/customers/{actor_id}/phone"): Route(
        does="A customer's phone: chats with their last words, hand-overs that wait.",
        area=AREA,
        gives="external_userid: str, name: str, unionid: str, corp: str, now: int, chats: [obj], "
        "transfers: [{userid: str, name: str, from_name: str, ends_at: int}]",
    ),
    ("GET", "/actors/customers/{actor_id}/chat"): Route(
        does="The latest 200 lines of one chat: staff/USERID, group/CHAT_ID or kf/OPEN_KFID.",
        area=AREA,
        query="chat: str",
        gives=f"lines: [{LINE}]",
    ),
    ("GET", "/actors/staff/{actor_id}/phone"): Route(
        does="A staff member's phone: customers, groups, tasks, notices, kf accounts, moments, requests.",
        area=AREA,
        query="q?: str",
        gives=f"{STAFF}, corp: str, now: int, customers: [obj], groups: [{{{GROUP}, last: {LAST}}}], tasks: [obj], "
        "notices: [obj], desks: [{open_kfid: str, name: str, status: str, servicers: [str], sessions: [obj]}], moments_waiting: int, "
        "requests: [{external_userid: str, name: str, half: bool}], templates: [{template_id: str, text: str}], "
        "tags: [{id: str, name: str, group: str}]",
    ),
    ("GET", "/actors/staff/{actor_id}/chat"): Route(
        does="The latest 200 lines of one chat: staff/USERID or kf/OPEN_KFID with a customer, or group/CHAT_ID.",
        area=AREA,
        query="chat: str, external_userid?: str",
        gives=f"lines: [{LINE}]",
    ),
    ("GET", "/groups/{chat_id}"): Route(
        does="A group with its members.",
        area=AREA,
        gives=f"{GROUP}, members: [{{userid: str, staff: bool, name: str, join_time: int}}]",
        refusals=("unknown_group",),
    ),
    ("GET", "/media/{media_id}"): Route(
        does="A file by its media_id, for the phones.",
        area=AREA,
        gives={"type": "string"},
        refusals=("unknown_media",),
        media_type="application/octet-stream",
    ),
    ("GET", "/stream"): Route(
        does="Server-sent events: `changed` with the kinds of what changed for corp, customers/ID or staff/ID.",
        area=AREA,
        query="actor?: str",
        gives={"type": "string"},
        media_type="text/event-stream",
    ),
    ("GET", "/openapi.json"): Route(does="This description.", area="description", gives={"type": "object"}),
    ("GET", "/docs"): Route(
        does="This description as a page.", area="description", gives={"type": "string"}, media_type="text/html"
    ),
}
