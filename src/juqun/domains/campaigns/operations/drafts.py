"""Writing a campaign down: what is said, to which segment, from when, and how many are held out."""

import secrets
from datetime import datetime

from django.db import transaction

from juqun.domains.audience import queries as audience_queries
from juqun.domains.campaigns import rules
from juqun.domains.campaigns.errors import (
    HoldoutOutOfRangeError,
    LinkMissingError,
    NodeOutsideActorError,
    TextMissingError,
    TextTooLongError,
)
from juqun.domains.campaigns.models import Campaign
from juqun.domains.campaigns.types import HoldoutUnit
from juqun.domains.org import queries as org_queries
from juqun.domains.org.types import PolicyKey
from juqun.kernel import clock, ids
from juqun.kernel.scope import DataScope


def create_campaign(
    *,
    name: str,
    segment_id: int,
    text: str,
    node_id: int,
    starts_at: datetime,
    link_url: str = "",
    coupon_template_id: int | None = None,
    holdout_bp: int | None = None,
    unit: HoldoutUnit = HoldoutUnit.MEMBER,
    measure_days: int = 28,
    actor_staff_id: int | None = None,
    salt: str | None = None,
) -> int:
    """Write a draft for the part of the chain below `node_id`; returns its id.

    `holdout_bp` in basis points of the units drawn; None takes the node's policy. `actor_staff_id` None is the system.
    `salt` decides the draw together with the unit's id; None draws a secret one. Give it (at most 32 characters) only where the
    same draw must come out again: a rehearsal, or a draw that was registered beforehand.
    Raises TextMissingError, TextTooLongError, LinkMissingError, HoldoutOutOfRangeError, NodeOutsideActorError, and
    what audience and org raise for an unknown segment or node.
    """
    _check_content(text=text, link_url=link_url, coupon_template_id=coupon_template_id)
    node = org_queries.get_node(scope=DataScope.whole_chain(), node_id=node_id)
    if actor_staff_id is not None:
        actor = org_queries.get_staff(scope=DataScope.whole_chain(), staff_id=actor_staff_id)
        if not node.path.startswith(actor.node_path):
            raise NodeOutsideActorError(node_id=node_id)
    audience_queries.get_segment(scope=DataScope.whole_chain(), segment_id=segment_id)
    with transaction.atomic():
        campaign = Campaign(
            public_id=ids.new_id(),
            name=name,
            node_id=node_id,
            segment_id=segment_id,
            text=text,
            link_url=link_url,
            coupon_template_id=coupon_template_id,
            unit=unit,
            holdout_bp=_holdout(node_id=node_id, wanted=holdout_bp),
            salt=secrets.token_hex(16) if salt is None else salt,
            starts_at=starts_at,
            measure_days=measure_days,
            created_by_id=actor_staff_id,
            created_at=clock.now(),
        )
        campaign.save(force_insert=True)
    return int(campaign.pk)


def _check_content(*, text: str, link_url: str, coupon_template_id: int | None) -> None:
    size = len(text.encode())
    if not text.strip():
        raise TextMissingError
    if size > rules.MAX_TEXT_BYTES:
        raise TextTooLongError(size=size, limit=rules.MAX_TEXT_BYTES)
    if not link_url and coupon_template_id is None:
        raise LinkMissingError


def _holdout(*, node_id: int, wanted: int | None) -> int:
    policy = org_queries.get_policy(node_id=node_id, key=PolicyKey.HOLDOUT_BASIS_POINTS)
    if wanted is None:
        return policy.value
    if not policy.low <= wanted <= policy.high:
        raise HoldoutOutOfRangeError(holdout_bp=wanted, low=policy.low, high=policy.high)
    return wanted
