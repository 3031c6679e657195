"""How customer service is set up: accounts, what is said and by which rules, links, servicers."""

from dataclasses import replace

from juqun.channels.wecom import operations as wecom
from juqun.domains.robot import rules
from juqun.domains.robot.errors import (
    MenuError,
    ReplyTextError,
    ServiceAccountNotFoundError,
    ServicerRefusedError,
    ServiceSceneError,
)
from juqun.domains.robot.models import ServiceAccount, ServiceLink
from juqun.domains.robot.operations import service_people as people
from juqun.domains.robot.types import ServiceRules
from juqun.kernel import clock


def set_service_account(
    *, open_kfid: str, name: str = "", store_id: int | None = None, keeper_staff_id: int | None = None
) -> int:
    """Say which store a customer-service account speaks for, and who gets what the robot cannot answer; returns its id."""
    account, _created = ServiceAccount.unscoped.update_or_create(
        open_kfid=open_kfid, defaults={"name": name, "store_id": store_id, "keeper_staff_id": keeper_staff_id}
    )
    return account.pk


def fetch_service_accounts() -> int:
    """Read the accounts that this app may serve from WeCom, with their names; returns how many. Stores and keepers stay."""
    rows = [
        ServiceAccount(open_kfid=one.open_kfid, name=one.name[:64])
        for one in wecom.kf_list_accounts()
        if one.can_manage
    ]
    ServiceAccount.unscoped.bulk_create(
        rows, update_conflicts=True, unique_fields=["open_kfid"], update_fields=["name"], batch_size=500
    )
    return len(rows)


def set_service_rules(*, account_id: int, service: ServiceRules) -> None:
    """Say what the robot says at an account and when it brings people in.

    Raises ServiceAccountNotFoundError, ReplyTextError (a text over 2048 bytes, 1024 for a welcome with a menu) and MenuError.
    """
    service = replace(service, texts={purpose: text.strip() for purpose, text in service.texts.items()})
    most = rules.MENU_HEAD_BYTES if service.menu else rules.REPLY_BYTES
    for text in service.texts.values():
        if len(text.encode()) > most:
            raise ReplyTextError(byte_count=len(text.encode()), limit=most)
    _check_menu(service)
    words = list(dict.fromkeys(word for word in map(rules.normalise, service.person_words) if word))
    updated = ServiceAccount.unscoped.filter(pk=account_id).update(
        texts={purpose.value: text for purpose, text in service.texts.items() if text},
        menu=[{"id": one.choice_id, "text": one.text, "answer": one.answer.strip()} for one in service.menu],
        person_words=words,
        misses_allowed=service.misses_allowed,
        opens_minute=service.opens_minute,
        closes_minute=service.closes_minute,
    )
    if not updated:
        raise ServiceAccountNotFoundError(account_id=account_id)


def _check_menu(service: ServiceRules) -> None:
    ids = {one.choice_id for one in service.menu}
    fits = all(
        0 < len(one.text.encode()) <= rules.MENU_TEXT_BYTES and 0 < len(one.choice_id.encode()) <= rules.MENU_ID_BYTES
        for one in service.menu
    )
    if not fits or len(ids) < len(service.menu) or len(service.menu) > rules.MENU_LINES:
        raise MenuError(most=rules.MENU_LINES)
    for one in service.menu:
        if len(one.answer.encode()) > rules.REPLY_BYTES:
            raise ReplyTextError(byte_count=len(one.answer.encode()), limit=rules.REPLY_BYTES)


def make_service_link(*, account_id: int, scene: str = "", label: str = "", store_id: int | None = None) -> str:
    """Make the link that opens an account's chat under a scene, or return the one that was made before.

    A scene is a short code (at most 32 of 0-9a-zA-Z_-), such as a live code's state; it comes back when a customer enters.
    Raises ServiceAccountNotFoundError, ServiceSceneError and the WecomError tree.
    """
    if not rules.is_scene(scene):
        raise ServiceSceneError
    account = _account(account_id)
    known = ServiceLink.unscoped.filter(account=account, scene=scene).first()
    if known is not None:
        ServiceLink.unscoped.filter(pk=known.pk).update(label=label[:64] or known.label, store_id=store_id)
        return known.url
    url = wecom.kf_contact_link(open_kfid=account.open_kfid, scene=scene)
    link, _created = ServiceLink.unscoped.get_or_create(
        account=account,
        scene=scene,
        defaults={"url": url, "label": label[:64], "store_id": store_id, "made_at": clock.now()},
    )
    return link.url


def refresh_service_account(*, account_id: int) -> None:
    """Read anew who serves an account. Raises ServiceAccountNotFoundError."""
    people.refresh_servicers(account=_account(account_id))


def add_servicer(*, account_id: int, userid: str) -> None:
    """Let a member of staff serve an account. Raises ServiceAccountNotFoundError and ServicerRefusedError."""
    account = _account(account_id)
    results = wecom.kf_add_servicers(open_kfid=account.open_kfid, userids=[userid])
    if not all(one.is_done for one in results):
        raise ServicerRefusedError(userid=userid, errcode=results[0].errcode)
    people.refresh_servicers(account=account)


def remove_servicer(*, account_id: int, userid: str) -> None:
    """Let a member of staff serve an account no more; their conversations stay theirs until these end."""
    account = _account(account_id)
    results = wecom.kf_remove_servicers(open_kfid=account.open_kfid, userids=[userid])
    if not all(one.is_done for one in results):
        raise ServicerRefusedError(userid=userid, errcode=results[0].errcode)
    people.refresh_servicers(account=account)


def _account(account_id: int) -> ServiceAccount:
    account = ServiceAccount.unscoped.filter(pk=account_id).first()
    if account is None:
        raise ServiceAccountNotFoundError(account_id=account_id)
    return account
