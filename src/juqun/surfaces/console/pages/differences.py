"""Differences: what somebody changed by hand in WeCom, side by side in words, with a choice and what each choice does."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from juqun.channels.wecom import operations, queries
from juqun.channels.wecom.types import DriftChoice, DriftKind, DriftView
from juqun.domains.groups import queries as groups
from juqun.domains.org import queries as org
from juqun.kernel import clock
from juqun.surfaces.console import phrases
from juqun.surfaces.console.access import Area
from juqun.surfaces.console.page import Page

MOST_OPEN = 200
MOST_CLOSED = 50

Effects = Mapping[DriftKind, Promise | str]

# What "put ours back" does, by kind.
BACK: Final[Effects] = {
    DriftKind.CONTACT_WAY: gettext_lazy("WeCom gets our version again. The printed code stays the same."),
    DriftKind.JOIN_WAY: gettext_lazy("WeCom gets our version again. The printed code stays the same."),
    DriftKind.GROUP_WELCOME: gettext_lazy(
        "WeCom gets our version again; groups to which it is attached greet with it at once."
    ),
}
AGAIN: Final[Effects] = {
    DriftKind.CONTACT_WAY: gettext_lazy(
        "A new code is made. Copies of the old one that are printed or sent stay dead: print and send the new picture."
    ),
    DriftKind.JOIN_WAY: gettext_lazy(
        "A new code is made. Copies of the old one that are printed or sent stay dead: print and send the new picture."
    ),
    DriftKind.CORP_TAG: gettext_lazy(
        "The tag is made anew and set on every friend who should have it; this takes a while."
    ),
    DriftKind.GROUP_WELCOME: gettext_lazy(
        "It is put into the library anew. Every owner has to attach it to their groups again."
    ),
}
TAKE: Final[Effects] = {
    DriftKind.CONTACT_WAY: gettext_lazy("Juqun takes over what WeCom has: customers go to these people from now on."),
    DriftKind.JOIN_WAY: gettext_lazy(
        "Juqun takes over what WeCom has: groups that were taken off stay off this way in, full ones make room as before."
    ),
    DriftKind.GROUP_WELCOME: gettext_lazy("Juqun takes over what WeCom has."),
}
CLOSE: Final[Effects] = {
    DriftKind.CONTACT_WAY: gettext_lazy("The live code is withdrawn here too. Who came through it stays counted."),
    DriftKind.JOIN_WAY: gettext_lazy("The way in is closed here too. Its groups stay; nobody new is led into them."),
    DriftKind.CORP_TAG: gettext_lazy("Juqun no longer manages it. The members' own tags stay as they are."),
    DriftKind.GROUP_WELCOME: gettext_lazy("The welcome is dropped here too."),
}
LEAVE: Final[Promise | str] = gettext_lazy(
    "Both stay as they are and nobody is asked again, until one of them changes. Our next change waits for a decision then."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A button with what it does; `blocker` says why it cannot be pressed."""

    value: str
    title: str
    effect: str
    blocker: str = ""
    is_harmful: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A difference in words."""

    drift: DriftView
    link: str
    lines: tuple[tuple[str, str, str], ...]
    choices: tuple[Choice, ...]


class DifferencesPage(Page):
    """What differs now, and the history of decisions; headquarters only."""

    area = Area.DIFFERENCES
    title = gettext_lazy("Differences with WeCom")
    template_name = "console/differences.html"
    actions = {**dict.fromkeys(DriftChoice, "decide"), "compare": "compare"}
    deciders_only = frozenset({*DriftChoice, "compare"})

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """Open differences, the longest open first, and closed ones, the newest first."""
        found = queries.list_drifts(scope=self.scope, limit=MOST_OPEN)
        closed = queries.list_drifts(scope=self.scope, is_open=False, limit=MOST_CLOSED)
        names = _names((*found, *closed))
        return {
            "rows": [_row(one, names) for one in found],
            "history": [_row(one, names) for one in closed],
            "number": queries.count_drifts(scope=self.scope),
        }

    def decide(self) -> None:
        """Do as the button says; the page tells that it is on its way."""
        choice = DriftChoice(self.request.POST["action"])
        operations.decide_drift(
            drift_id=self.number("drift"), choice=choice, actor=self.reader.staff.name, at=clock.now()
        )
        self.tell(_("Decided; WeCom is brought in line in a moment."))

    def compare(self) -> None:
        """Do not wait for the night."""
        operations.ask_comparison(at=clock.now())
        self.tell(_("WeCom is being read; differences appear here as they are found."))


def _row(drift: DriftView, names: Mapping[str, str]) -> Row:
    return Row(
        drift=drift,
        link=_link(drift),
        lines=tuple(
            (phrases.word("drift_field", one.field), _words(one.ours, names), _words(one.theirs, names))
            for one in drift.differences
        ),
        choices=() if drift.closed_at is not None else _choices(drift),
    )


def _choices(drift: DriftView) -> tuple[Choice, ...]:
    """The buttons of an open difference, with what each would do."""
    is_gone = drift.theirs is None
    back = Choice(
        value=DriftChoice.PUT_OURS_BACK,
        title=_("Make it anew") if is_gone else _("Put ours back"),
        effect=str((AGAIN if is_gone else BACK).get(drift.kind, "")),
    )
    take = Choice(
        value=DriftChoice.TAKE_THEIRS,
        title=_("Close it here too") if is_gone else _("Take WeCom's"),
        effect=str((CLOSE if is_gone else TAKE).get(drift.kind, "")),
        blocker=phrases.word("drift_blocker", drift.blocker) if drift.blocker else "",
        is_harmful=is_gone,
    )
    return back, take, Choice(value=DriftChoice.IGNORE, title=_("Leave both"), effect=str(LEAVE))


def _link(drift: DriftView) -> str:
    """The page of the object itself."""
    if drift.kind is DriftKind.CONTACT_WAY:
        return reverse("console:code", args=[int(drift.key)])
    if drift.kind is DriftKind.GROUP_WELCOME:
        return reverse("console:group_welcome", args=[int(drift.key)])
    return reverse("console:ways" if drift.kind is DriftKind.JOIN_WAY else "console:tags")


def _names(drifts: Iterable[DriftView]) -> dict[str, str]:
    """Names of the people and groups that the documents name by id, read in two look-ups."""
    documents = [document for one in drifts for document in (one.ours, one.theirs) if document]
    userids = {userid for document in documents for userid in document.get("users", ())}
    chat_ids = {chat_id for document in documents for chat_id in document.get("chat_ids", ())}
    people = {key: f"{name} ({key})" for key, name in org.userid_names(userids=userids).items()} if userids else {}
    return people | (groups.chat_names(chat_ids=chat_ids) if chat_ids else {})


def _words(value: Any, names: Mapping[str, str]) -> str:
    """A value of a document as people say it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(names.get(str(one), str(one)) for one in value) or _("none")
    if isinstance(value, dict):
        if value.get("kind") == "link":
            return f"{value.get('title', '')} · {value.get('url', '')}"
        return _("a picture") if value.get("kind") == "image" else str(value.get("kind") or _("none"))
    return str(value) or _("none")
