"""Members: the list with search, and the profile with its time line, tags, groups, coupons, merges."""

import csv
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from juqun.domains.audience import queries as audience
from juqun.domains.campaigns import queries as campaigns
from juqun.domains.groups import queries as groups
from juqun.domains.members import operations, queries
from juqun.domains.members.types import MemberView, TimelineEntry
from juqun.domains.org import queries as org
from juqun.domains.promotions import queries as promotions
from juqun.kernel import clock, money
from juqun.surfaces.console import phrases
from juqun.surfaces.console.access import Area
from juqun.surfaces.console.page import Page

PER_PAGE = 25
MOST_EXPORTED = 10_000
EXPORT_STEP = 500


class MembersPage(Page):
    """The members in scope; search by a part of the name, or a whole phone number, card or WeCom id."""

    area = Area.MEMBERS
    title = gettext_lazy("Members")
    template_name = "console/members.html"

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """One page of members, and the tags to narrow by."""
        text, tag = self.request.GET.get("q", "").strip()[:128], self.request.GET.get("tag", "")[:64]
        page = self.page_number()
        found = queries.search_members(
            scope=self.scope, text=text, tag=tag or None, limit=PER_PAGE, offset=(page - 1) * PER_PAGE
        )
        return {
            "members": found.items,
            "total": found.total,
            "text": text,
            "tag": tag,
            "tags": queries.list_tags(scope=self.scope)[:20],
            "page_number": page,
            "pages": max(1, -(-found.total // PER_PAGE)),
            "is_empty": not found.total and not text and not tag,
        }


class MembersExport(Page):
    """The same list as CSV: only what the page shows, identities masked, inside the reader's scope."""

    area = Area.MEMBERS

    def get(self, request: Any, **kwargs: Any) -> HttpResponse:
        """Write up to 10,000 members."""
        text, tag = request.GET.get("q", "").strip()[:128], request.GET.get("tag", "")[:64]
        answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="members.csv"'
        rows = csv.writer(answer)
        rows.writerow(["public_id", "name", "store", "tier", "is_friend", "tags", "identities", "created"])
        for offset in range(0, MOST_EXPORTED, EXPORT_STEP):
            found = queries.search_members(
                scope=self.scope, text=text, tag=tag or None, limit=EXPORT_STEP, offset=offset
            )
            rows.writerows(_row(one) for one in found.items)
            if offset + EXPORT_STEP >= found.total:
                break
        return answer


def _row(one: MemberView) -> list[str]:
    cells = [
        one.public_id,
        one.display_name,
        one.store_name,
        one.tier,
        "1" if one.is_friend else "0",
        " ".join(one.tags),
        " ".join(f"{identity.kind}:{identity.masked}" for identity in one.identities),
        clock.business_day(one.created_at).isoformat(),
    ]
    # A cell that a spreadsheet would run as a formula is written as text.
    return [f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell for cell in cells]


class MemberPage(Page):
    """One member."""

    area = Area.MEMBERS
    template_name = "console/member.html"
    actions = {"add_tag": "add_tag", "remove_tag": "remove_tag", "merge": "merge", "undo_merge": "undo_merge"}
    deciders_only = frozenset({"merge", "undo_merge"})

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """All that the rooms know of the member, inside the reader's scope."""
        scope = self.scope
        member = queries.get_member(scope=scope, member_id=kwargs["member_id"])
        names = org.staff_names(ids=[member.staff_id] if member.staff_id else [])
        return {
            "title": member.display_name or member.public_id,
            "member": member,
            "guide": names.get(member.staff_id or 0, ""),
            "timeline": _lines(queries.get_timeline(scope=scope, member_id=member.id)),
            "groups": groups.member_groups(scope=scope, member_id=member.id),
            "coupons": promotions.list_member_coupons(scope=scope, member_id=member.id, limit=20),
            "campaign_messages": campaigns.list_member_messages(scope=scope, member_id=member.id, limit=20),
            "rfm": audience.member_rfm(scope=scope, member_id=member.id),
            "merges": queries.list_merges(scope=scope, member_id=member.id),
            "consents": queries.list_consents(scope=scope, member_id=member.id),
            "now": clock.now(),
        }

    def _member(self, member_id: int) -> MemberView:
        return queries.get_member(scope=self.scope, member_id=member_id)

    def add_tag(self, member_id: int) -> None:
        """Tag the member by hand."""
        tag = self.request.POST.get("tag", "").strip()[:64]
        if tag:
            member = self._member(member_id)
            operations.tag_members(member_ids=[member.id], tag=tag, source="manual", actor=self.reader.staff.name)

    def remove_tag(self, member_id: int) -> None:
        """Take a tag off."""
        operations.untag_members(member_ids=[self._member(member_id).id], tag=self.request.POST.get("tag", ""))

    def merge(self, member_id: int) -> HttpResponse:
        """Merge another entry of the same person into this one; both must lie in the reader's scope."""
        keep, text = self._member(member_id), self.request.POST.get("other", "").strip()[:128]
        found = queries.search_members(scope=self.scope, text=text, limit=2) if text else None
        if found is None or found.total != 1:
            title = _("Not one member")
            return self.problem(
                422, title, _("Give the public id, the whole phone number or the card of exactly one other member.")
            )
        reason = self.request.POST.get("reason", "")[:200]
        operations.merge_members(
            keep_id=keep.id, absorb_id=found.items[0].id, actor=self.reader.staff.name, reason=reason
        )
        self.tell(_("Merged. It can be undone below."))
        return HttpResponseRedirect(reverse("console:member", args=[keep.id]))

    def undo_merge(self, member_id: int) -> HttpResponse | None:
        """Undo a merge of this member."""
        merge_id = self.number("merge_id")
        known = {one.id for one in queries.list_merges(scope=self.scope, member_id=member_id)}
        if merge_id not in known:
            return self.problem(404, _("Not found"), _("This member has no such merge; reload the page."))
        operations.undo_merge(merge_id=merge_id, actor=self.reader.staff.name)
        self.tell(_("The merge is undone: both members stand on their own again."))
        return None


def _lines(entries: list[TimelineEntry]) -> list[dict[str, Any]]:
    """Icon, sentence and time of each line; names of staff and stores are looked up once for all."""
    staff = org.staff_names(
        ids=[int(one.fields[name]) for one in entries for name in ("staff_id", "from_staff_id") if one.fields.get(name)]
    )
    store_ids = {int(one.fields["store_id"]) for one in entries if one.fields.get("store_id")}
    stores = org.node_names(ids=store_ids) if store_ids else {}
    lines = []
    for entry in entries:
        icon, sentence = phrases.timeline_sentence(entry.kind, _words(entry.fields, staff, stores))
        lines.append({"at": entry.at, "icon": icon, "sentence": sentence})
    return lines


def _words(fields: Any, staff: dict[int, str], stores: dict[int, str]) -> dict[str, str]:
    """The fields of an entry as words."""
    found = {
        "actor": str(fields.get("actor") or _("the system")),
        "source": phrases.source_word(str(fields.get("source", ""))),
    }
    if fields.get("staff_id"):
        found["staff"] = staff.get(int(fields["staff_id"]), "?")
    if fields.get("from_staff_id"):
        found["from_staff"] = staff.get(int(fields["from_staff_id"]), "?")
    if fields.get("by"):
        found["by"] = phrases.word("lost_by", fields["by"])
    found["store"] = stores.get(int(fields.get("store_id") or 0), _("no store"))
    found["coupon"] = str(fields.get("template_name", ""))
    fen = fields.get("amount_fen", fields.get("discount_fen"))
    if fen is not None:
        found["amount"] = f"¥{money.format_yuan(int(fen))}"
    return found
