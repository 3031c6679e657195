"""WeCom's corp tags: which of them stand for members' tags, and how far their marks have come."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from juqun.domains.members import operations, queries
from juqun.kernel import clock
from juqun.surfaces.console.access import Area
from juqun.surfaces.console.page import Page

MOST_WORDS = 200


class TagsPage(Page):
    """All corp tags by group; headquarters decides which are managed."""

    area = Area.TAGS
    title = gettext_lazy("WeCom tags")
    template_name = "console/tags.html"
    actions = {"add": "add", "manage": "manage", "unmanage": "unmanage", "rename": "rename", "retry": "retry"}
    deciders_only = frozenset(actions)

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """The tags, and the words that members carry, for the form."""
        tags = queries.list_managed_tags(scope=self.scope)
        taken = {tag.word for tag in tags if tag.is_managed}
        words = [word for word, _number in queries.list_tags(scope=self.scope) if word not in taken]
        return {
            "managed": [tag for tag in tags if tag.is_managed],
            "others": [tag for tag in tags if not tag.is_managed],
            "groups": sorted({tag.group_name for tag in tags}),
            "words": words[:MOST_WORDS],
            "limit": settings.JUQUN_WECOM_TAG_LIMIT,
            "number": len(tags),
        }

    def _given(self, name: str) -> str:
        return self.request.POST.get(name, "").strip()

    def add(self) -> None:
        """Want a tag in WeCom."""
        operations.add_managed_tag(
            group_name=self._given("group"), name=self._given("name"), word=self._given("word"), at=clock.now()
        )
        self.tell(_("The tag is being made in WeCom; then it is set on every friend who carries the word."))

    def manage(self) -> None:
        """Let a tag of WeCom's stand for a word."""
        operations.manage_tag(tag_id=self.number("tag"), word=self._given("word"))
        self.tell(_("Managed from now on: the word and the tag are kept equal, both ways."))

    def unmanage(self) -> None:
        """Leave a tag to WeCom."""
        operations.unmanage_tag(tag_id=self.number("tag"))
        self.tell(_("Left to WeCom from now on; nothing was taken off anybody."))

    def rename(self) -> None:
        """Give a tag another name in WeCom."""
        operations.rename_tag(tag_id=self.number("tag"), name=self._given("name"))
        self.tell(_("The tag is being renamed in WeCom; the members' word stays."))

    def retry(self) -> None:
        """Try once more what WeCom refused."""
        operations.retry_tag(tag_id=self.number("tag"))
        self.tell(_("Trying again."))
