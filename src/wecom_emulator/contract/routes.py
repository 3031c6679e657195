"""What every route of the admin side takes and gives, in the notation of `notation`, with a body to start from."""

from dataclasses import dataclass
from typing import Any

from wecom_emulator.contract.notation import Schema, dataclass_schema
from wecom_emulator.faults import EventFault, Fault
from wecom_emulator.generate import Order
from wecom_emulator.recorder import Budget
from wecom_emulator.state.people import Department
from wecom_emulator.state.settings import CallbackConfig, Settings


@dataclass(slots=True, frozen=True, kw_only=True)
class Route:
    """One route: a sentence, its body, query and answer; a schema instead of a notation where a dataclass has it."""

    does: str
    area: str
    takes: str | Schema = ""
    query: str = ""
    gives: str | Schema
    example: dict[str, Any] | None = None
    refusals: tuple[str, ...] = ()
    media_type: str = "application/json"


def _changes(kind: type) -> Schema:
    """Any of the fields of a dataclass."""
    return {name: value for name, value in dataclass_schema(kind).items() if name != "required"}


def _with(schema: Schema, **properties: Schema) -> Schema:
    return {**schema, "properties": {**schema["properties"], **properties}}


TEXT, TRUTH, WHOLE = {"type": "string"}, {"type": "boolean"}, {"type": "integer"}
CLOCK = "now: str, timestamp: int, frozen: bool"
COUNTS = (
    "corp_id: str, departments: int, staff: int, customers: int, friendships: int, groups: int, contact_ways: int, "
    "join_ways: int, mass_messages: int"
)
SENDER = "pending: int, delivered: int, failed: int, lost: int, duplicated: int"
LETTER = (
    "at: int, via: str, from: str, text: str, attachments: [obj], msgid?: str, chat_id?: str, servicer?: str, "
    "welcome_code?: str"
)
MOMENT = (
    "moment_id: str, userid: str, published_at: int, text: str, attachments: [obj], "
    "likes: [{external_userid?: str, userid?: str}], "
    "comments: [{external_userid?: str, userid?: str, text: str, create_time: int}]"
)
TASK = (
    "msgid: str, chat_type: str, create_time: int, text: str, attachments: [obj], targets: [str], reminders: int, "
    "allow_select: bool"
)
CALL = "at: int, method: str, path: str, agent_id: int|null, query: {*: str}, body: any, errcode: int"
ARCHIVE = "errcode: int, errmsg: str, chatdata: [obj]"
ARCHIVE_ASK = "seq?: int|str, limit?: int|str, secret?: str"
STAFF = (
    "userid: str, name: str, department?: [int], feature_on?: bool, status?: int, position?: str, mobile?: str, "
    "console_welcome?: bool, confirms_friends?: bool, real_name_verified?: bool"
)
PERSON = "external_userid?: str, name: str, unionid?: str, gender?: int, mobile?: str, type?: int, openid?: str"
BUDGET = dataclass_schema(Budget)
FAULT, EVENT_FAULT = dataclass_schema(Fault), dataclass_schema(EventFault)
MET = "path: str, counted: int, met: bool, by_path: {*: int}"


def _ordered(schema: Schema) -> Schema:
    """An order of a fault as it is shown: hits and what is left instead of `times`."""
    shown = {name: value for name, value in schema["properties"].items() if name != "times"}
    left: Schema = {"anyOf": [WHOLE, {"type": "null"}]}
    return {**schema, "properties": {**shown, "times_left": left, "hits": WHOLE}}


ORDERED: Schema = {"anyOf": [_ordered(FAULT), _ordered(EVENT_FAULT)]}

ROUTES: dict[tuple[str, str], Route] = {
    ("GET", "/health"): Route(does="Whether it runs.", area="corp", gives=f"status: 'ok', corp_id: str, {CLOCK}"),
    ("GET", "/corp"): Route(
        does="The whole corp; with format=lines as JSON lines of any size.",
        area="corp",
        query="format?: 'lines'",
        gives={"type": "object"},
        refusals=("too_big",),
    ),
    ("PUT", "/corp"): Route(
        does="Put another corp in place, in either form; tokens of the old one die.",
        area="corp",
        takes={"type": "object"},
        gives=COUNTS,
        example={"name": "Another corp"},
    ),
    ("GET", "/corp/summary"): Route(does="How much there is of what.", area="corp", gives=COUNTS),
    ("POST", "/generate"): Route(
        does="Add a plausible corp of any size.",
        area="corp",
        takes=dataclass_schema(Order),
        gives="staff: int, contacts: int, groups: int",
        example={"contacts": 100, "groups": 2},
    ),
    ("POST", "/reset"): Route(
        does="Back to the default corp; faults, records and queued callbacks go, the clock goes on.",
        area="corp",
        gives=COUNTS,
    ),
    ("GET", "/settings"): Route(does="All settings.", area="corp", gives=dataclass_schema(Settings)),
    ("PATCH", "/settings"): Route(
        does="Change any settings.",
        area="corp",
        takes=_changes(Settings),
        gives=dataclass_schema(Settings),
        example={"welcome_code_seconds": 30},
    ),
    ("GET", "/clock"): Route(does="The emulated time.", area="corp", gives=CLOCK),
    ("POST", "/clock"): Route(
        does="Jump to `now`, then advance, then stand or run.",
        area="corp",
        takes="now?: str|num|null, frozen?: bool|null, advance_seconds?: num",
        gives=CLOCK,
        example={"advance_seconds": 3600},
    ),
    ("POST", "/departments"): Route(
        does="Put departments.",
        area="corp",
        takes={
            "type": "object",
            "properties": {"departments": {"type": "array", "items": dataclass_schema(Department)}},
            "required": ["departments"],
        },
        gives="departments: int",
        example={"departments": [{"id": 2, "name": "华东", "parentid": 1}]},
    ),
    ("POST", "/staff"): Route(
        does="Put staff; known userids are updated field by field, `emit` calls back create_user for new ones.",
        area="corp",
        takes="staff: [obj], emit?: bool",
        gives="staff: int",
        example={"staff": [{"userid": "LiDian", "name": "李店", "department": [1]}]},
    ),
    ("POST", "/customers"): Route(
        does="Put persons on WeChat, not yet friends.",
        area="corp",
        takes="customers: [obj]",
        gives="external_userids: [str]",
        example={"customers": [{"name": "王芳", "unionid": "o1"}]},
    ),
    ("DELETE", "/tokens"): Route(does="Let every access token die (40014).", area="corp", gives="tokens: int"),
    ("POST", "/actors/batch"): Route(
        does="Many actions in order; one that cannot be done gives its refusal in its place.",
        area="actors",
        takes="actions: [obj]",
        gives="results: [obj]",
        example={"actions": [{"actor": "customer", "id": "wm1", "do": "scan", "state": "store-17"}]},
    ),
    ("GET", "/actors/customers/{actor_id}/inbox"): Route(
        does="What a customer was sent.", area="actors", gives=f"messages: [{{{LETTER}}}]"
    ),
    ("GET", "/actors/customers/{actor_id}/moments"): Route(
        does="The moments that a customer sees, newest first.", area="actors", gives=f"moments: [{{{MOMENT}}}]"
    ),
    ("GET", "/actors/staff/{actor_id}/inbox"): Route(
        does="The app messages of a staff member.", area="actors", gives="messages: [obj]"
    ),
    ("GET", "/actors/staff/{actor_id}/tasks"): Route(
        does="The open send tasks of a staff member.", area="actors", gives=f"tasks: [{{{TASK}}}]"
    ),
    ("GET", "/actors/staff/{actor_id}/moments"): Route(
        does="Moments to publish and those that are out.",
        area="actors",
        gives=f"waiting: [{{{MOMENT}}}], published: [{{{MOMENT}}}]",
    ),
    ("PUT", "/callback"): Route(
        does="Where events go; without agent_id every event, with it what that app may see. `verify` asks the url first.",
        area="callbacks",
        takes=_with(dataclass_schema(CallbackConfig), verify=TRUTH),
        gives="agent_id: int|null, url: str, verified: bool",
        example={"url": "http://127.0.0.1:8000/wecom/callback", "token": "QDG6eK", "encoding_aes_key": "A" * 43},
        refusals=("bad_aes_key", "url_check_failed"),
    ),
    ("DELETE", "/callback"): Route(does="Forget all callback urls.", area="callbacks", gives="callbacks: int"),
    ("GET", "/callbacks"): Route(does="Counts since the start.", area="callbacks", gives=SENDER),
    ("POST", "/callbacks/drain"): Route(
        does="Wait until nothing is queued or in flight, at most so long.",
        area="callbacks",
        takes="timeout_seconds?: num",
        gives=SENDER,
        example={"timeout_seconds": 5},
    ),
    ("GET", "/callbacks/failed"): Route(
        does="The latest 1,000 callbacks that were given up.",
        area="callbacks",
        gives="failed: [{url: str, event: str, change_type: str, subject: str, tries: int, last_error: str, xml: str}]",
    ),
    ("POST", "/faults"): Route(
        does="Order a mishap of calls (route) or of callbacks (event).",
        area="faults and records",
        takes={"anyOf": [FAULT, EVENT_FAULT]},
        gives=ORDERED,
        example={"route": "externalcontact/get", "errcode": 45009, "times": 3},
        refusals=("bad_fault",),
    ),
    ("GET", "/faults"): Route(
        does="The orders with their hits.",
        area="faults and records",
        gives={"type": "object", "properties": {"faults": {"type": "array", "items": ORDERED}}, "required": ["faults"]},
    ),
    ("DELETE", "/faults"): Route(does="Take all orders back.", area="faults and records", gives="faults: [obj]"),
    ("GET", "/calls"): Route(
        does="Counts and peaks of the API calls, and the latest of them.",
        area="faults and records",
        query="path?: str, limit?: int",
        gives="total: int, counts: {*: int}, errcodes: {*: {*: int}}, in_flight_peak: int, in_flight_peaks: {*: int}, "
        f"per_minute_peak: int, calls: [{{{CALL}}}]",
    ),
    ("DELETE", "/calls"): Route(does="Forget the calls.", area="faults and records", gives="total: int"),
    ("POST", "/calls/expect"): Route(
        does="Compare the calls with budgets.",
        area="faults and records",
        takes=_with(BUDGET, budgets={"type": "array", "items": BUDGET}),
        gives=f"results: [{{{MET}}}]",
        example={"path": "externalcontact/*", "at_most": 100},
        refusals=("budget_missed",),
    ),
    ("GET", "/archive/pull"): Route(
        does="Rows of the message archive beyond a seq, decrypted.", area="outlets", query=ARCHIVE_ASK, gives=ARCHIVE
    ),
    ("POST", "/archive/pull"): Route(
        does="The same with a body.",
        area="outlets",
        takes=ARCHIVE_ASK,
        gives=ARCHIVE,
        example={"seq": 0, "limit": 100, "secret": "emulator-archive-secret"},
    ),
    ("POST", "/jssdk/verify"): Route(
        does="Whether the client would accept a page's JS-SDK signature.",
        area="outlets",
        takes="kind?: 'corp'|'agent', agent_id?: int, noncestr: str, timestamp: int|str, url: str, signature: str",
        gives="valid: bool, reason: str",
        example={"noncestr": "n", "timestamp": 1511755200, "url": "https://shop.example/", "signature": "0" * 40},
        refusals=("unknown_app",),
    ),
}
