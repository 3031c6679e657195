"""The robot: keyword replies, welcomes and customer service, and in plain words what WeCom lets a robot do."""

import re
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from juqun.domains.org import queries as org
from juqun.domains.org.types import NodeKind
from juqun.domains.robot import operations, queries
from juqun.domains.robot.types import KeywordReply
from juqun.kernel.errors import RefusedError
from juqun.surfaces.console.access import Area
from juqun.surfaces.console.page import Page


class RobotPage(Page):
    """What the robot said, to whom, how fast, and what it may not."""

    area = Area.ROBOT
    title = gettext_lazy("Robot")
    template_name = "console/robot.html"
    actions = {"save": "save", "delete": "delete"}
    deciders_only = frozenset({"save", "delete"})

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """Replies, welcomes by outcome, customers' messages by outcome."""
        stores = org.list_nodes(scope=self.scope, kind=NodeKind.STORE)
        names = {store.id: store.name for store in stores}
        replies = queries.list_replies(scope=self.scope)
        return {
            "replies": [
                {"reply": one, "store": names.get(one.store_id or 0, ""), "mine": self._owns(one)} for one in replies
            ],
            "stores": stores,
            "welcome": queries.welcome_stats(scope=self.scope),
            "outcomes": queries.count_messages_by_outcome(scope=self.scope),
            "written": queries.list_service_messages(scope=self.scope, limit=20),
            "may_change": self.reader.decides,
        }

    def _owns(self, reply: KeywordReply) -> bool:
        return self.reader.decides and (self.scope.is_whole_chain or reply.store_id is not None)

    def _check_place(self, store_id: int | None) -> None:
        """The chain's replies belong to headquarters, a store's to whoever sees the store."""
        if store_id is not None:
            org.get_node(scope=self.scope, node_id=store_id)
        elif not self.scope.is_whole_chain:
            raise RefusedError

    def save(self) -> None:
        """Write a reply, new or known."""
        store_id, reply_id = self.number("store") or None, self.number("reply") or None
        self._check_place(store_id)
        if reply_id is not None:
            self._check_place(queries.get_reply(scope=self.scope, reply_id=reply_id).store_id)
        words = [word for word in re.split(r"[,，、;；\s]+", self.request.POST.get("words", "")) if word]
        operations.set_keyword_reply(
            words=words, text=self.request.POST.get("text", ""), store_id=store_id, reply_id=reply_id
        )
        self.tell(_("The robot answers so from now on."))

    def delete(self) -> None:
        """Delete a reply."""
        reply = queries.get_reply(scope=self.scope, reply_id=self.number("reply"))
        self._check_place(reply.store_id)
        operations.delete_keyword_reply(reply_id=reply.id)
        self.tell(_("The reply is deleted."))
