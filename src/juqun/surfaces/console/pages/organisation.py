"""The organisation: the tree with its people, and the policies of a node with the guard-rail that holds there."""

from collections import Counter
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from juqun.domains.org import operations, queries
from juqun.domains.org.types import Node, NodeKind, PolicyKey, PolicyMode
from juqun.surfaces.console.access import Area
from juqun.surfaces.console.page import Page
from juqun.surfaces.console.pages.dashboard import way_to


class OrganisationPage(Page):
    """One node: what lies below it, who works there, what holds there."""

    area = Area.ORGANISATION
    title = gettext_lazy("Organisation")
    template_name = "console/organisation.html"
    actions = {"set_policy": "set_policy"}

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """The node asked for (the reader's own by default) with its children, staff and policies."""
        node_id = kwargs.get("node_id") or self.reader.staff.node_id
        node = queries.get_node(scope=self.scope, node_id=node_id)
        nodes = [one for one in queries.list_nodes(scope=self.scope) if one.path.startswith(node.path)]
        staff = queries.list_staff(scope=self.scope, node_id=node.id)
        at_node = [one for one in staff if one.node_id == node.id]
        return {
            "title": node.name,
            "node": node,
            "crumbs": way_to(self.scope, node),
            "children": _children(node, nodes, [one.node_path for one in staff]),
            "counts": dict(Counter(one.kind.value for one in nodes)),  # a Counter would answer 0 to `.items`
            "staff": at_node or staff[:100],
            "staff_total": len(staff),
            "shows_all_staff": not at_node,
            "policies": [queries.get_policy(node_id=node.id, key=key) for key in PolicyKey],
            "modes": list(PolicyMode),
            "may_set": self.reader.decides,
            "is_store": node.kind is NodeKind.STORE,
        }

    def set_policy(self, node_id: int | None = None) -> HttpResponse | None:
        """Set one policy; the room refuses what the guard-rail above does not leave open."""
        node = queries.get_node(scope=self.scope, node_id=node_id or self.reader.staff.node_id)
        key, mode = self.request.POST.get("key", ""), self.request.POST.get("mode", PolicyMode.FREE)
        if key not in set(PolicyKey) or mode not in set(PolicyMode):
            return self.problem(422, _("Not a policy"), _("Choose a policy from the list and save again."))
        operations.set_policy(
            actor_staff_id=self.reader.staff.id,
            node_id=node.id,
            key=PolicyKey(key),
            mode=PolicyMode(mode),
            value=self.number("value"),
            low=self.number("low") if mode == PolicyMode.RANGE else None,
            high=self.number("high") if mode == PolicyMode.RANGE else None,
        )
        self.tell(_("The policy holds from now on."))
        return None


def _children(node: Node, nodes: list[Node], staff_paths: list[str]) -> list[dict[str, Any]]:
    """The nodes right below, each with the number of stores and people in it."""
    return [
        {
            "node": child,
            "stores": sum(one.kind is NodeKind.STORE and one.path.startswith(child.path) for one in nodes),
            "people": sum(path.startswith(child.path) for path in staff_paths),
        }
        for child in nodes
        if child.parent_id == node.id
    ]
