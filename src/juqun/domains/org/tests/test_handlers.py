import pytest

from juqun.channels.wecom.testing import callback_xml, receive, scripted_wecom
from juqun.domains.org.testing import make_small_chain
from juqun.kernel.testing import run_all_jobs


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change_type", "title"),
    [
        ("balance_low", "Acquisition links: little quota is left"),
        ("balance_exhausted", "Acquisition links: the quota is used up"),
        ("link_unavailable", "An acquisition link leads nowhere"),
    ],
)
def test_headquarters_hear_of_acquisition_links_in_need(change_type, title):
    chain = make_small_chain(with_accounts=True)
    with scripted_wecom() as wecom:
        wecom.script("message/send", {})
        receive(callback_xml(Event="customer_acquisition", ChangeType=change_type, LinkId="caw1"))
        run_all_jobs()
        body = wecom.bodies("message/send")[0]
    assert (body["touser"], body["textcard"]["title"]) == (chain.hong.userid, title)
    assert body["textcard"]["url"].endswith("/console/connection/")


@pytest.mark.django_db
def test_without_anybody_at_headquarters_nobody_is_told():
    with scripted_wecom() as wecom:
        receive(callback_xml(Event="customer_acquisition", ChangeType="balance_low"))
        run_all_jobs()
        assert wecom.calls == []
