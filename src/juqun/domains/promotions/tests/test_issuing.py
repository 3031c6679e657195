import dataclasses
from datetime import timedelta

import pytest

from juqun.domains.members.events import MemberErased, MembersMerged
from juqun.domains.promotions import handlers, operations, queries
from juqun.domains.promotions.errors import (
    CouponLimitReachedError,
    CouponsExhaustedError,
    IntentReusedError,
    TemplateInvalidError,
    TemplateNotOnError,
    TemplateUnknownError,
    WalletLinkInvalidError,
)
from juqun.domains.promotions.mappers import terms_of
from juqun.domains.promotions.testing import give_coupon, make_template
from juqun.domains.promotions.types import CouponState, TemplateState
from juqun.kernel.errors import NotFoundError
from juqun.kernel.models import EventRecord
from juqun.kernel.scope import DataScope
from juqun.lake import feed
from juqun.lake.engine import get_engine

ALL = DataScope.whole_chain()


def stock(template_id):
    view = queries.get_template(scope=ALL, template_id=template_id)
    return view.issued, view.redeemed, view.committed_fen, view.spent_fen


def test_template_is_read_back_as_it_was_made(chain, at):
    template_id = make_template(at=at, store_id=chain.tianhe.id, total=7, budget_fen=5_000)
    view = queries.get_template(scope=ALL, template_id=template_id)
    assert (view.amount_fen, view.threshold_fen, view.total, view.budget_fen) == (500, 2_000, 7, 5_000)
    assert (view.store_id, view.store_name, view.state) == (chain.tianhe.id, chain.tianhe.name, TemplateState.ON)
    assert queries.list_templates(scope=ALL) == [view]


def test_store_sees_its_own_templates_and_those_of_all_stores(chain, at):
    own = make_template(at=at, store_id=chain.tianhe.id)
    everywhere = make_template(at=at)
    make_template(at=at, store_id=chain.nanshan.id)
    scope = DataScope(paths=(chain.tianhe.path,))
    assert {view.id for view in queries.list_templates(scope=scope)} == {own, everywhere}
    assert queries.list_templates(scope=DataScope.nothing()) == []
    with pytest.raises(TemplateUnknownError):
        queries.get_template(scope=DataScope(paths=(chain.nanshan.path,)), template_id=own)


def test_issue_once_per_intent(new_member, at):
    template_id, member_id = make_template(at=at), new_member()
    first = give_coupon(template_id=template_id, member_id=member_id, at=at)
    again = give_coupon(template_id=template_id, member_id=member_id, at=at)
    assert again == first
    assert len(first.code) == 16
    assert stock(template_id) == (1, 0, 500, 0)
    assert EventRecord.objects.filter(name="promotions.coupon_issued").count() == 1


def test_intent_key_of_something_else_is_refused(new_member, at):
    template_id, member_id, other = make_template(at=at), new_member("C1"), new_member("C2")
    give_coupon(template_id=template_id, member_id=member_id, at=at, intent_key="k")
    with pytest.raises(IntentReusedError):
        give_coupon(template_id=template_id, member_id=other, at=at, intent_key="k")
    assert stock(template_id)[0] == 1


def test_limit_per_member(new_member, at):
    template_id, member_id = make_template(at=at, per_member=2), new_member()
    codes = {
        give_coupon(template_id=template_id, member_id=member_id, at=at, intent_key=key).code for key in ("a", "b")
    }
    assert len(codes) == 2
    with pytest.raises(CouponLimitReachedError):
        give_coupon(template_id=template_id, member_id=member_id, at=at, intent_key="c")
    assert stock(template_id)[0] == 2


def test_exhausted_by_total_and_by_budget(new_member, at):
    members = [new_member(f"C{number}") for number in range(3)]
    by_total = make_template(at=at, total=2)
    by_budget = make_template(at=at, budget_fen=1_499)
    for template_id in (by_total, by_budget):
        for member_id in members[:2]:
            give_coupon(template_id=template_id, member_id=member_id, at=at)
        with pytest.raises(CouponsExhaustedError):
            give_coupon(template_id=template_id, member_id=members[2], at=at)
        assert stock(template_id) == (2, 0, 1_000, 0)


def test_not_issued_while_paused_or_after_the_end(new_member, at):
    template_id, member_id = make_template(at=at, days=1), new_member()
    operations.set_template_state(template_id=template_id, state="paused")
    with pytest.raises(TemplateNotOnError):
        give_coupon(template_id=template_id, member_id=member_id, at=at)
    operations.set_template_state(template_id=template_id, state="on")
    with pytest.raises(TemplateNotOnError) as refused:
        give_coupon(template_id=template_id, member_id=member_id, at=at + timedelta(days=1))
    assert refused.value.state == "ended"
    operations.set_template_state(template_id=template_id, state="ended")
    with pytest.raises(TemplateNotOnError):
        operations.set_template_state(template_id=template_id, state="on")
    assert stock(template_id)[0] == 0


def test_issued_coupons_keep_the_terms_of_their_version(new_member, at):
    template_id = make_template(at=at)
    before = give_coupon(template_id=template_id, member_id=new_member("C1"), at=at)
    view = queries.get_template(scope=ALL, template_id=template_id)
    assert (
        operations.revise_template(
            template_id=template_id, terms=dataclasses.replace(terms_of(view), amount_fen=900), actor="Hong"
        )
        == 2
    )
    after = give_coupon(template_id=template_id, member_id=new_member("C2"), at=at)
    assert queries.get_coupon_by_code(code=before.code).amount_fen == 500
    assert after.amount_fen == 900
    with pytest.raises(TemplateInvalidError):
        operations.revise_template(
            template_id=template_id, terms=dataclasses.replace(terms_of(view), store_id=1), actor="Hong"
        )


def test_many_at_once_and_again(new_member, at):
    members = [new_member(f"C{number}") for number in range(5)]
    template_id = make_template(at=at)
    call = {"template_id": template_id, "member_ids": members, "source": "campaign", "campaign_id": 9, "at": at}
    codes = operations.issue_coupons(**call)
    assert sorted(codes) == sorted(members)
    assert operations.issue_coupons(**call) == codes
    assert stock(template_id) == (5, 0, 2_500, 0)
    assert EventRecord.objects.filter(name="promotions.coupon_issued").count() == 5
    assert operations.issue_coupons(**{**call, "campaign_id": 10}) == {}
    feed.flush()
    touches = get_engine().query("SELECT member_id, kind, campaign_id FROM touches ORDER BY member_id").to_pylist()
    assert touches == [{"member_id": one, "kind": "coupon_issued", "campaign_id": 9} for one in sorted(members)]


def test_many_get_what_the_stock_lasts_for(new_member, at):
    members = sorted(new_member(f"C{number}") for number in range(5))
    template_id = make_template(at=at, total=3)
    codes = operations.issue_coupons(
        template_id=template_id, member_ids=members, source="campaign", campaign_id=1, at=at
    )
    assert sorted(codes) == members[:3]
    assert stock(template_id)[0] == 3


def test_expiry_gives_the_budget_back_once(new_member, at):
    template_id = make_template(at=at, days=1, budget_fen=1_000)
    for card in ("C1", "C2"):
        give_coupon(template_id=template_id, member_id=new_member(card), at=at)
    late = at + timedelta(days=1)
    counts = {one.state: one.coupons for one in queries.count_by_state(scope=ALL, template_id=template_id, at=late)}
    assert (counts[CouponState.ISSUED], counts[CouponState.EXPIRED]) == (0, 2)
    assert operations.expire_due(at=at) == 0
    assert operations.expire_due(at=late, batch=1) == 1
    assert operations.expire_due(at=late) == 1
    assert operations.expire_due(at=late) == 0
    assert stock(template_id) == (2, 0, 0, 0)
    counts = {one.state: one.coupons for one in queries.count_by_state(scope=ALL, template_id=template_id, at=late)}
    assert (counts[CouponState.ISSUED], counts[CouponState.EXPIRED]) == (0, 2)


def test_a_member_outside_the_scope_shows_no_coupons(chain, new_member, at):
    member_id = new_member()
    coupon = give_coupon(template_id=make_template(at=at), member_id=member_id, at=at)
    assert queries.list_member_coupons(scope=DataScope(paths=(chain.tianhe.path,)), member_id=member_id) == [coupon]
    with pytest.raises(NotFoundError):
        queries.list_member_coupons(scope=DataScope(paths=(chain.nanshan.path,)), member_id=member_id)


def test_event_of_a_merge_is_harmless_when_nothing_was_merged(new_member, at):
    keep, absorb = new_member("C1"), new_member("C2")
    template_id = make_template(at=at)
    coupon = give_coupon(template_id=template_id, member_id=absorb, at=at)
    handlers.on_members_merged(MembersMerged(keep_id=keep, absorb_id=absorb))
    assert queries.list_own_coupons(member_id=absorb) == [coupon]


def test_wallet_link_is_signed(new_member):
    member_id = new_member()
    token = queries.wallet_token(member_id=member_id)
    assert queries.read_wallet_token(token=token) == member_id
    for spoilt in ("", token[:-1], token + "x", "1:" + token):
        with pytest.raises(WalletLinkInvalidError):
            queries.read_wallet_token(token=spoilt)


def test_coupons_of_an_erased_member_are_withdrawn(new_member, at):
    member_id, template_id = new_member(), make_template(at=at, budget_fen=1_000)
    coupon = give_coupon(template_id=template_id, member_id=member_id, at=at)
    for _ in range(2):
        handlers.on_member_erased(MemberErased(member_id=member_id))
    assert queries.get_coupon_by_code(code=coupon.code).state is CouponState.VOID
    assert stock(template_id) == (1, 0, 0, 0)
