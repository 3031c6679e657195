"""The whole corp: everything that survives a save, plus the indexes that make it fast."""

import base64
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wecom_emulator.state import codec
from wecom_emulator.state.acquisition import AcquisitionLink, FriendRequest, QuotaLot
from wecom_emulator.state.archive import ArchiveRow, Consent
from wecom_emulator.state.behavior import BehaviorDay
from wecom_emulator.state.catalog import InterceptRule, Product
from wecom_emulator.state.chats import GroupChat
from wecom_emulator.state.indexes import ChatsOf, TagIndex, open_tasks_of
from wecom_emulator.state.keeper import Keeper
from wecom_emulator.state.kf import (
    KfAccount,
    KfCode,
    KfDay,
    KfLink,
    KfMessage,
    KfRow,
    KfSession,
    KfStaffing,
    KfUpgradeRanges,
    KnowledgeGroup,
    KnowledgeIntent,
)
from wecom_emulator.state.login import JsTicket, OAuthCode, PendingId, UserTicket
from wecom_emulator.state.messages import MassMessage, Media, WelcomeCode
from wecom_emulator.state.moments import Moment, MomentJob, MomentTask, MomentWall
from wecom_emulator.state.notices import AppChat, AppMessage, NoticeWindow
from wecom_emulator.state.people import STAFF_LEFT, Department, Friendship, Person, Staff, StaffTag
from wecom_emulator.state.settings import App, CallbackConfig, Settings
from wecom_emulator.state.store import Store
from wecom_emulator.state.strategies import Strategy
from wecom_emulator.state.tags import TagGroup
from wecom_emulator.state.talks import Talk
from wecom_emulator.state.temp_chats import TempChat
from wecom_emulator.state.timers import Timer
from wecom_emulator.state.transfers import GroupHandover, Transfer, TransferLog
from wecom_emulator.state.uploads import UploadJob
from wecom_emulator.state.views import UNBOUND, KeyFamilies, ParentFamilies, Rows
from wecom_emulator.state.ways import ContactWay, JoinWay
from wecom_emulator.state.webhooks import Webhook, WebhookMedia, WebhookPost
from wecom_emulator.state.welcome_templates import WelcomeTemplate

DEFAULT_CORP_ID = "wx5823bf96d3bd56c7"
DEFAULT_AGENT_ID = 1000002
ARCHIVE_AGENT_ID = 2000004
DEFAULT_KF_ID = "wkEmulatorDefaultAccount00000001"


DERIVED = {"derived": True}


@dataclass(kw_only=True)
class Corp:
    """One corp on one database. Fields marked derived are indexes, rebuilt on load.

    Collections hand out objects that may be changed in the same request; nobody keeps them beyond it. A corp on a
    database that holds one already is that one, whatever else it is given.
    """

    store: Store = field(default_factory=Store, metadata=DERIVED)

    corp_id: str = DEFAULT_CORP_ID
    name: str = "Emulated corp"
    seed: int = 0
    settings: Settings = field(default_factory=Settings)
    apps: list[App] = field(default_factory=list)
    callbacks: list[CallbackConfig] = field(default_factory=list)
    departments: dict[int, Department] = field(default_factory=dict)
    staff: dict[str, Staff] = field(default_factory=dict)
    staff_tags: dict[int, StaffTag] = field(default_factory=dict)
    persons: Rows[Person] = field(default_factory=UNBOUND, metadata=codec.rows(indexed=("unionid",)))
    friendships: ParentFamilies[Friendship] = field(default_factory=UNBOUND, metadata=codec.rows(by_key=True))
    contact_ways: dict[str, ContactWay] = field(default_factory=dict)
    join_ways: dict[str, JoinWay] = field(default_factory=dict)
    tag_groups: dict[str, TagGroup] = field(default_factory=dict)
    chats: Rows[GroupChat] = field(default_factory=UNBOUND, metadata=codec.rows(indexed=("owner",)))
    mass_messages: dict[str, MassMessage] = field(default_factory=dict)
    welcome_codes: Rows[WelcomeCode] = field(default_factory=UNBOUND, metadata=codec.ROWS)
    media: Rows[Media] = field(default_factory=UNBOUND, metadata=codec.ROWS)
    images: dict[str, str] = field(default_factory=dict)
    upload_jobs: dict[str, UploadJob] = field(default_factory=dict)
    app_messages: Rows[AppMessage] = field(default_factory=UNBOUND, metadata=codec.ROWS)
    notice_marks: dict[str, str] = field(default_factory=dict)
    notice_windows: dict[str, NoticeWindow] = field(default_factory=dict)
    response_codes: dict[str, str] = field(default_factory=dict)
    app_chats: dict[str, AppChat] = field(default_factory=dict)
    moments: dict[str, Moment] = field(default_factory=dict)
    moment_jobs: dict[str, MomentJob] = field(default_factory=dict)
    moment_tasks: Rows[MomentTask] = field(default_factory=UNBOUND, metadata=codec.ROWS)
    moment_walls: dict[str, MomentWall] = field(default_factory=dict)
    products: dict[str, Product] = field(default_factory=dict)
    intercept_rules: dict[str, InterceptRule] = field(default_factory=dict)
    archive_rows: Rows[ArchiveRow] = field(default_factory=UNBOUND, metadata=codec.ROWS)
    archive_consents: Rows[Consent] = field(default_factory=UNBOUND, metadata=codec.ROWS)
    oauth_codes: dict[str, OAuthCode] = field(default_factory=dict)
    user_tickets: dict[str, UserTicket] = field(default_factory=dict)
    js_tickets: dict[str, JsTicket] = field(default_factory=dict)
    pending_ids: dict[str, PendingId] = field(default_factory=dict)
    kf_accounts: dict[str, KfAccount] = field(default_factory=dict)
    kf_staffing: dict[str, KfStaffing] = field(default_factory=dict)
    kf_links: Rows[KfLink] = field(default_factory=UNBOUND, metadata=codec.ROWS)
    kf_sessions: Rows[KfSession] = field(default_factory=UNBOUND, metadata=codec.rows(indexed=("open_kfid",)))
    kf_codes: Rows[KfCode] = field(default_factory=UNBOUND, metadata=codec.ROWS)
    kf_rows: Rows[KfRow] = field(default_factory=UNBOUND, metadata=codec.ROWS)
    kf_messages: Rows[KfMessage] = field(default_factory=UNBOUND, metadata=codec.ROWS)
    kf_days: Rows[KfDay] = field(default_factory=UNBOUND, metadata=codec.ROWS)
    kf_upgrade_ranges: dict[str, KfUpgradeRanges] = field(default_factory=dict)
    kf_groups: dict[str, KnowledgeGroup] = field(default_factory=dict)
    kf_intents: dict[str, KnowledgeIntent] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    webhook_posts: Rows[WebhookPost] = field(default_factory=UNBOUND, metadata=codec.ROWS)
    webhook_media: Rows[WebhookMedia] = field(default_factory=UNBOUND, metadata=codec.ROWS)
    counters: dict[str, int] = field(default_factory=dict)
    welcome_templates: dict[str, WelcomeTemplate] = field(default_factory=dict)
    strategies: dict[str, Strategy] = field(default_factory=dict)
    temp_chats: dict[str, TempChat] = field(default_factory=dict)
    friend_requests: dict[str, FriendRequest] = field(default_factory=dict)
    acquisition_links: dict[str, AcquisitionLink] = field(default_factory=dict)
    silent_link_customers: dict[str, str] = field(default_factory=dict)
    quota_lots: dict[str, QuotaLot] = field(default_factory=dict)
    behavior: dict[str, BehaviorDay] = field(default_factory=dict)
    talks: Rows[Talk] = field(default_factory=UNBOUND, metadata=codec.ROWS)
    timers: dict[str, Timer] = field(default_factory=dict)
    transfers: dict[str, Transfer] = field(default_factory=dict)
    transfers_of_customer: dict[str, TransferLog] = field(default_factory=dict)
    transfers_of_pair: dict[str, TransferLog] = field(default_factory=dict)
    group_handovers: dict[str, GroupHandover] = field(default_factory=dict)
    followers: KeyFamilies[Friendship] = field(init=False, metadata=DERIVED)
    contact_way_of_state: dict[str, str] = field(default_factory=dict, metadata=DERIVED)
    join_way_of_state: dict[str, str] = field(default_factory=dict, metadata=DERIVED)
    tag_index: TagIndex = field(init=False, metadata=DERIVED)
    ancestors: dict[int, frozenset[int]] = field(default_factory=dict, metadata=DERIVED)
    chats_of: ChatsOf = field(init=False, metadata=DERIVED)
    open_tasks: dict[str, dict[str, None]] = field(default_factory=dict, metadata=DERIVED)
    keeper: Keeper = field(init=False, metadata=DERIVED)

    def __post_init__(self) -> None:
        self.keeper = Keeper(self, self.store)
        self.followers = KeyFamilies(self.keeper.tables["friendships"])
        self.chats_of = ChatsOf(self.keeper.tables["chats"])
        self.tag_index = TagIndex(self.tag_groups)
        self.reindex()

    def __setattr__(self, name: str, value: Any) -> None:
        keeper = self.__dict__.get("keeper")
        if keeper is not None and keeper.keeps(name):
            keeper.assigned(name, value)
        else:
            object.__setattr__(self, name, value)

    def reindex(self) -> None:
        """Rebuild every derived index from the kept state."""
        self.contact_way_of_state = {way.state: way.config_id for way in self.contact_ways.values() if way.state}
        self.join_way_of_state = {way.state: way.config_id for way in self.join_ways.values() if way.state}
        self.tag_index.refill()
        self.ancestors = {}
        self.open_tasks = open_tasks_of(self.mass_messages)

    def new_id(self, kind: str, prefix: str, *, length: int = 32) -> str:
        """Return the next id of a kind; the same seed and history give the same ids."""
        number = self.counters.get(kind, 0) + 1
        self.counters[kind] = number
        digest = hashlib.blake2b(f"{self.seed}:{kind}:{number}".encode(), digest_size=48).digest()
        text = base64.b32encode(digest).decode().rstrip("=")
        return prefix + (text.lower() if kind == "config" else text)[: length - len(prefix)]

    def befriend(self, friend: Friendship) -> None:
        """Store a friendship; it is found from both ends."""
        self.friendships[friend.userid][friend.external_userid] = friend

    def unfriend(self, userid: str, external_userid: str) -> Friendship | None:
        """Forget a friendship and return it, or None when there was none."""
        return self.friendships[userid].pop(external_userid, None)

    def friendship(self, userid: str, external_userid: str) -> Friendship | None:
        """Return the living friendship of a staff member and a person."""
        return self.friendships.get(userid).get(external_userid)

    def kf_sessions_of(self, open_kfid: str) -> list[KfSession]:
        """Return the sessions of a kf account, to read or change."""
        return self.kf_sessions.where("open_kfid", open_kfid)

    def employed(self, userid: str) -> Staff | None:
        """Return a staff member who has not left, or None."""
        staff = self.staff.get(userid)
        return staff if staff is not None and staff.status != STAFF_LEFT else None

    def department_line(self, department_id: int) -> frozenset[int]:
        """Return a department's id with the ids of all departments above it."""
        known = self.ancestors.get(department_id)
        if known is None:
            line: set[int] = set()
            current = department_id
            while current in self.departments and current not in line:
                line.add(current)
                current = self.departments[current].parentid
            known = self.ancestors[department_id] = frozenset(line)
        return known

    def under(self, staff: Staff, departments: set[int]) -> bool:
        """Return whether a staff member works in one of the departments or below it."""
        return any(not departments.isdisjoint(self.department_line(item)) for item in staff.department)

    def sees(self, app: App, staff: Staff) -> bool:
        """Return whether a staff member is in an app's visible range."""
        if app.visible_users is None and app.visible_departments is None:
            return True
        if app.visible_users is not None and staff.userid in app.visible_users:
            return True
        return app.visible_departments is not None and self.under(staff, set(app.visible_departments))

    def app_of(self, agent_id: int | None) -> App | None:
        """Return the app with an agent id."""
        return next((app for app in self.apps if app.agent_id == agent_id), None)

    def as_json(self) -> dict[str, Any]:
        """Return everything that survives a save."""
        return dict(codec.dump(self))


def open_corp(path: Path) -> Corp | None:
    """Return the corp that a state file holds, or None when there is no such file or no corp in it."""
    if not path.exists():
        return None
    store = Store(path)
    if not is_corp(store):
        store.close()
        return None
    return Corp(store=store)


def load_corp(data: dict[str, Any]) -> Corp:
    """Return a corp from its JSON; keys that are left out keep their defaults, unknown keys raise ValueError."""
    if "apps" not in data:
        data = {**data, "apps": codec.dump(default_apps())}
    corp = codec.load(Corp, data)
    corp.departments.setdefault(1, Department(id=1, name=corp.name, parentid=0))
    return corp


def is_corp(store: Store) -> bool:
    """Return whether a database holds a corp."""
    tables = store.read("SELECT 1 FROM sqlite_master WHERE name = 'kept'").fetchone()
    return tables is not None and store.read("SELECT 1 FROM kept WHERE key = 'corp_id'").fetchone() is not None


def default_apps() -> list[App]:
    """Return the credentials of the default corp: a self-built app, the contact-sync and the message-archive secret."""
    return [
        App(agent_id=DEFAULT_AGENT_ID, secret="emulator-app-secret", name="Self-built app"),  # noqa: S106
        App(agent_id=0, secret="emulator-contact-secret", name="Contact sync", kind="contact_sync"),  # noqa: S106
        App(agent_id=ARCHIVE_AGENT_ID, secret="emulator-archive-secret", name="Message archive", kind="msgaudit"),  # noqa: S106
    ]


def default_corp() -> Corp:
    """Return a corp with a root department, two credentials and one kf account, but without staff and customers."""
    corp = Corp(apps=default_apps())
    corp.departments[1] = Department(id=1, name=corp.name, parentid=0)
    corp.kf_accounts[DEFAULT_KF_ID] = KfAccount(open_kfid=DEFAULT_KF_ID, name="Service desk")
    return corp


def sample_corp() -> Corp:
    """Return the default corp with a small shop in it, for playing by hand."""
    corp = default_corp()
    corp.departments[2] = Department(id=2, name="Shanghai", parentid=1)
    corp.departments[3] = Department(id=3, name="Shanghai Xuhui store", parentid=2)
    for userid, name, department in (
        ("HongYi", "Hong Yi", 1),
        ("ChenCheng", "Chen Cheng", 2),
        ("LiDian", "Li Dian", 3),
    ):
        corp.staff[userid] = Staff(userid=userid, name=name, department=[department])
    for name in ("Wang Fang", "Zhao Lei"):
        person_id = corp.new_id("external", "wm")
        corp.persons[person_id] = Person(external_userid=person_id, name=name, unionid=corp.new_id("unionid", "o"))
    return corp
