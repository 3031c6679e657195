"""Preparing what welcomes say, long before somebody scans."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from juqun.domains.groups import queries as groups
from juqun.domains.growth import queries as growth
from juqun.domains.robot import rules
from juqun.domains.robot.errors import ReplyTextError
from juqun.domains.robot.models import DefaultWelcome, PreparedWelcome


def prepare_welcome(*, live_code_id: int, at: datetime) -> None:
    """Write down all that the welcome of a live code says: its text, and the link into the store's group of its kind.

    While that group has no code the default kind's stands in, and without any the link is left out; ``EntryReady`` prepares
    again. Raises LiveCodeNotFoundError.
    """
    code = growth.view_live_code(live_code_id=live_code_id)
    entry = groups.get_entry(store_id=code.store_id, kind_code=code.kind_code) if code.kind_code else None
    if entry is None or not entry.url:
        entry = groups.get_default_entry(store_id=code.store_id)
    has_link = entry is not None and bool(entry.url)
    PreparedWelcome.unscoped.update_or_create(
        live_code_id=code.id,
        defaults={
            "state": code.state,
            "store_id": code.store_id,
            "text": code.welcome_text,
            "link_title": link_title(code.store_name, entry.kind_name) if entry is not None and has_link else "",
            "link_description": link_description() if has_link else "",
            "link_url": entry.url if entry is not None and has_link else "",
            "image_hash": code.welcome_image,
            "prepared_at": at,
        },
    )


def prepare_store_welcomes(*, store_id: int, at: datetime) -> int:
    """Prepare the welcomes of a store's active codes again; returns how many."""
    code_ids = growth.list_store_code_ids(store_id=store_id)
    for code_id in code_ids:
        prepare_welcome(live_code_id=code_id, at=at)
    return len(code_ids)


def link_title(store_name: str, kind_name: str) -> str:
    """Return the title of the card that leads into a group."""
    title = _("Join the %(kind)s of %(store)s") % {"kind": kind_name, "store": store_name}
    return rules.cut(title, rules.LINK_TITLE_BYTES)


def link_description() -> str:
    """Return the line under the title of the card that leads into a group."""
    return rules.cut(_("Open and press the code to join"), rules.LINK_DESCRIPTION_BYTES)


def set_default_welcome(*, text: str, store_id: int | None = None) -> None:
    """Say what is sent where a live code has no text of its own or there is no code: at a store, or chain-wide (None).

    An empty text deletes it. Raises ReplyTextError for more than 4000 bytes.
    """
    if len(text.encode()) > rules.WELCOME_BYTES:
        raise ReplyTextError(byte_count=len(text.encode()), limit=rules.WELCOME_BYTES)
    with transaction.atomic():
        if not text:
            DefaultWelcome.unscoped.filter(store_id=store_id).delete()
            return
        DefaultWelcome.unscoped.update_or_create(store_id=store_id, is_chains=store_id is None, defaults={"text": text})
