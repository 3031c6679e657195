"""Customer service: who waits, who has whom, conversations, and how each account is set up."""

import re
from typing import Any

import segno
from django.http import HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from juqun.channels.wecom.types import KfState
from juqun.domains.members import queries as members
from juqun.domains.members.errors import MemberNotFoundError
from juqun.domains.org import queries as org
from juqun.domains.org.types import NodeKind
from juqun.domains.robot import operations, queries
from juqun.domains.robot.types import SendPurpose, ServiceChoice, ServicerStatus, ServiceRules
from juqun.kernel import clock
from juqun.kernel.errors import RefusedError
from juqun.surfaces.console.access import Area
from juqun.surfaces.console.page import Page

MENU_LINE = re.compile(r"^\s*([0-9A-Za-z_-]{1,64})\s*\|\s*([^|]+?)\s*(?:\|\s*(.*?)\s*)?$")
SPOKEN = (
    SendPurpose.WELCOME,
    SendPurpose.QUEUE,
    SendPurpose.OFF_HOURS,
    SendPurpose.MISSED,
    SendPurpose.PERSON,
    SendPurpose.GOODBYE,
)
NO_MENU_LINE = ""


def qr_of(url: str) -> SafeString:
    """A link as a picture of its QR code, inside the page."""
    picture = segno.make(url, error="m", micro=False)
    return mark_safe(picture.svg_inline(scale=3, border=2, dark="#000", light="#fff", omitsize=True))  # noqa: S308 - segno's own markup


class ServicePage(Page):
    """Accounts, who waits in the pool, and who is with whom."""

    area = Area.SERVICE
    title = gettext_lazy("Customer service")
    template_name = "console/service.html"
    actions = {"fetch": "fetch"}
    deciders_only = frozenset({"fetch"})

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """Accounts, conversations by state, and today's numbers."""
        now = clock.now()
        accounts = queries.list_service_accounts(scope=self.scope)
        names = org.node_names(ids=[one.store_id for one in accounts if one.store_id])
        pool = queries.list_sessions(scope=self.scope, state=KfState.POOL, limit=100)
        return {
            "accounts": [{"account": one, "store": names.get(one.store_id or 0, "")} for one in accounts],
            "pool": [{"session": one, "minutes": int((now - one.state_at).total_seconds() // 60)} for one in pool],
            "served": queries.list_sessions(scope=self.scope, state=KfState.SERVICER, limit=100),
            "robots": queries.list_sessions(scope=self.scope, state=KfState.ROBOT, limit=50),
            "counts": queries.count_sessions(scope=self.scope),
            "stats": queries.service_stats(scope=self.scope, since=clock.start_of_day(clock.business_day(now))),
            "may_fetch": self.reader.decides and self.scope.is_whole_chain,
        }

    def fetch(self) -> None:
        """Read the accounts from WeCom."""
        if not self.scope.is_whole_chain:
            raise RefusedError
        number = operations.fetch_service_accounts()
        self.tell(_("%(number)s accounts were read from WeCom.") % {"number": number})


class ServiceAccountPage(Page):
    """One account: its links with their QR codes, its servicers, what the robot says there."""

    area = Area.SERVICE
    template_name = "console/service_account.html"
    actions = {
        "link": "link",
        "add": "add",
        "remove": "remove",
        "refresh": "refresh",
        "rules": "rules",
        "place": "place",
    }
    deciders_only = frozenset({"link", "add", "remove", "rules", "place"})

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """Links, servicers and rules of the account."""
        account_id = kwargs["account_id"]
        account = queries.get_service_account(scope=self.scope, account_id=account_id)
        service = queries.get_service_rules(scope=self.scope, account_id=account_id)
        return {
            "title": account.name or account.open_kfid,
            "account": account,
            "links": [
                {"link": one, "qr": qr_of(one.url)}
                for one in queries.list_links(scope=self.scope, account_id=account_id)
            ],
            "servicers": queries.list_servicers(scope=self.scope, account_id=account_id),
            "staff": org.list_staff(scope=self.scope),
            "stores": org.list_nodes(scope=self.scope, kind=NodeKind.STORE),
            "service": service,
            "texts": [(one.value, service.texts[one]) for one in SPOKEN],
            "menu": "\n".join(f"{one.choice_id} | {one.text} | {one.answer}" for one in service.menu),
            "words": "，".join(service.person_words),
            "opens": _clock_words(service.opens_minute),
            "closes": _clock_words(service.closes_minute),
            "may_change": self.reader.decides,
        }

    def _check(self, account_id: int) -> int:
        return queries.get_service_account(scope=self.scope, account_id=account_id).id

    def _store(self) -> int | None:
        store_id = self.number("store") or None
        if store_id is not None:
            org.get_node(scope=self.scope, node_id=store_id)
        return store_id

    def link(self, *, account_id: int) -> None:
        """Make the link of a scene."""
        operations.make_service_link(
            account_id=self._check(account_id),
            scene=self.request.POST.get("scene", "").strip(),
            label=self.request.POST.get("label", "").strip(),
            store_id=self._store(),
        )
        self.tell(_("The link is ready; print its QR code or put it into a welcome."))

    def add(self, *, account_id: int) -> None:
        """Add a servicer."""
        staff = org.get_staff(scope=self.scope, staff_id=self.number("staff"))
        operations.add_servicer(account_id=self._check(account_id), userid=staff.userid)
        self.tell(_("%(name)s serves this account now.") % {"name": staff.name})

    def remove(self, *, account_id: int) -> None:
        """Remove a servicer."""
        operations.remove_servicer(account_id=self._check(account_id), userid=self.request.POST.get("userid", ""))
        self.tell(_("The servicer was removed."))

    def refresh(self, *, account_id: int) -> None:
        """Read anew who serves."""
        operations.refresh_service_account(account_id=self._check(account_id))

    def place(self, *, account_id: int) -> None:
        """Say for which store the account speaks and who is told of what waits."""
        account = queries.get_service_account(scope=self.scope, account_id=account_id)
        keeper_id, store_id = self.number("keeper") or None, self._store()
        if keeper_id is not None:
            org.get_staff(scope=self.scope, staff_id=keeper_id)
        if store_id is None and not self.scope.is_whole_chain:
            raise RefusedError
        operations.set_service_account(
            open_kfid=account.open_kfid, name=account.name, store_id=store_id, keeper_staff_id=keeper_id
        )
        self.tell(_("Saved."))

    def rules(self, *, account_id: int) -> None:
        """Say what the robot says here and when it brings people in."""
        post = self.request.POST
        operations.set_service_rules(
            account_id=self._check(account_id),
            service=ServiceRules(
                texts={one: post.get(one.value, "") for one in SPOKEN},
                menu=_menu_of(post.get("menu", "")),
                person_words=tuple(word for word in re.split(r"[,，、;；\s]+", post.get("words", "")) if word),
                misses_allowed=max(0, min(9, self.number("misses"))),
                opens_minute=_minute_of(post.get("opens", "")),
                closes_minute=_minute_of(post.get("closes", "")),
            ),
        )
        self.tell(_("The robot serves so from now on."))


def _menu_of(text: str) -> tuple[ServiceChoice, ...]:
    """Read lines "id | text | answer"; a line of another form gets an empty id, which the room refuses in words."""
    choices = []
    for line in filter(None, map(str.strip, text.splitlines())):
        found = MENU_LINE.match(line)
        choice_id, words, answer = found.groups() if found else (NO_MENU_LINE, line, "")
        choices.append(ServiceChoice(choice_id=choice_id, text=words, answer=answer or ""))
    return tuple(choices)


def _minute_of(text: str) -> int:
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text.strip())
    return int(found[1]) * 60 + int(found[2]) if found else 0


def _clock_words(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


class ConversationPage(Page):
    """One conversation, who may take it over, and its end."""

    area = Area.SERVICE
    title = gettext_lazy("Conversation")
    template_name = "console/service_conversation.html"
    actions = {"give": "give", "end": "end"}

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """The latest lines, and the servicers of its account who serve now."""
        session_id = kwargs["session_id"]
        session = queries.get_session(scope=self.scope, session_id=session_id)
        servicers = queries.list_servicers(scope=self.scope, account_id=session.account_id)
        name = _("a customer")
        if session.member_id is not None:
            try:
                name = members.get_member(scope=self.scope, member_id=session.member_id).display_name or name
            except MemberNotFoundError:
                name = _("a customer")  # of another part of the chain: the words are shown, the name is not
        return {
            "session": session,
            "name": name,
            "lines": queries.get_conversation(scope=self.scope, session_id=session_id),
            "servicers": [
                one
                for one in servicers
                if one.status == ServicerStatus.SERVING and one.userid != session.servicer_userid
            ],
            "is_over": session.state is KfState.ENDED,
            "is_served": session.state is KfState.SERVICER,
            "crumbs": [(_("Customer service"), reverse("console:service"))],
        }

    def give(self, *, session_id: int) -> HttpResponse | None:
        """Give the conversation to a servicer."""
        session = queries.get_session(scope=self.scope, session_id=session_id)
        userid = self.request.POST.get("userid", "")
        operations.give_to_servicer(session_id=session.id, userid=userid)
        self.tell(_("%(userid)s has the conversation now.") % {"userid": userid})
        return None

    def end(self, *, session_id: int) -> HttpResponse | None:
        """End the conversation."""
        session = queries.get_session(scope=self.scope, session_id=session_id)
        operations.end_session(session_id=session.id)
        self.tell(_("The conversation has ended."))
        return None
