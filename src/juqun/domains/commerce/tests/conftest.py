from datetime import UTC, datetime

import pytest

from juqun.domains.members import operations as members
from juqun.domains.members.types import Identity, IdentityKind
from juqun.domains.org.testing import make_small_chain
from juqun.lake.testing import fresh_lake

AT = datetime(2026, 3, 1, 4, tzinfo=UTC)


@pytest.fixture
def lake(settings, tmp_path):
    return fresh_lake(settings, tmp_path)


@pytest.fixture
def chain(db, lake):
    return make_small_chain()


@pytest.fixture
def at():
    return AT


@pytest.fixture
def new_member(chain):
    """A function that makes a member of the Tianhe store with the given card."""

    def make(card="C1001", store_id=None):
        identity = Identity(kind=IdentityKind.CARD, value=card)
        found = members.identify(
            identities=[identity], display_name=card, store_id=store_id or chain.tianhe.id, source="test", at=AT
        )
        return found.member_id

    return make
