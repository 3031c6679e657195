"""kill -9 of the sender at random moments, many times: at the end each recipient got the message exactly once.

The suite's copy is small; JUQUN_TEST_KILLS, JUQUN_TEST_CUSTOMERS and JUQUN_TEST_GUIDES make it as big as wanted (`make bench ONLY=kills`).
"""

import os
import random
import subprocess
import sys
import time
from collections import Counter

import pytest
from django.conf import settings
from django.db import connection

from juqun.domains.campaigns import operations, queries
from juqun.domains.campaigns.testing import make_segment_of_friends
from juqun.domains.campaigns.types import CampaignState
from juqun.kernel import clock
from juqun.kernel.testing import run_all_jobs
from juqun.lake.testing import fresh_lake
from tests.support import shop_town
from tests.support.shop_town import WHOLE
from wecom_emulator.running import run_in_thread

CUSTOMERS = int(os.environ.get("JUQUN_TEST_CUSTOMERS", "80"))
GUIDES = int(os.environ.get("JUQUN_TEST_GUIDES", "40"))
KILLS = int(os.environ.get("JUQUN_TEST_KILLS", "6"))
MIN_KILLS = KILLS if KILLS > 6 else 3
ADD = "externalcontact/add_msg_template"


def _worker(base_url: str) -> subprocess.Popen[bytes]:
    database = connection.settings_dict
    if connection.vendor == "postgresql":
        url = f"postgresql://{database['USER']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    else:
        url = f"sqlite:///{database['NAME']}"
    environment = {
        **os.environ,
        "JUQUN_DATABASE_URL": url,
        "JUQUN_DATA_DIR": str(settings.DATA_DIR),
        "JUQUN_SECRET_KEY": settings.SECRET_KEY,
        "JUQUN_LAKE_DIR": str(settings.JUQUN_LAKE_DIR),
        "JUQUN_WECOM_BASE_URL": base_url,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    return subprocess.Popen([sys.executable, "-m", "tests.journeys.sending_worker"], env=environment)


def _open(campaign_id: int) -> int:
    counts = queries.message_counts(scope=WHOLE, campaign_id=campaign_id)
    return sum(counts.get(state, 0) for state in ("planned", "queued", "unknown"))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_kill_9_of_the_sender_doubles_and_loses_nobody(settings, tmp_path):
    fresh_lake(settings, tmp_path)
    settings.JUQUN_SEND_GRACE_SECONDS = 0
    at = clock.now()
    rng = random.Random(20261121)
    started = time.monotonic()
    with run_in_thread() as emulator:
        settings.JUQUN_WECOM_BASE_URL = emulator.base_url
        town = shop_town.build(base_url=emulator.base_url, customers=CUSTOMERS, guides=GUIDES, at=at)
        shop_town.lift_quiet_hours(town)
        campaign_id = operations.create_campaign(
            name="周末回访",
            segment_id=make_segment_of_friends(),
            text="周末好",
            link_url="https://shop.example/weekend",
            node_id=town.chain.chain.id,
            starts_at=at,
            holdout_bp=1_000,
        )
        plan = operations.plan_campaign(campaign_id=campaign_id, at=at)
        town.post("faults", {"route": ADD, "latency_ms": 400})
        operations.launch_campaign(campaign_id=campaign_id, at=at)
        killed_in_a_call = kills = 0
        for kill in range(KILLS):
            if not _open(campaign_id):
                break
            kills += 1
            worker = _worker(emulator.base_url)
            wanted = plan.planned - plan.planned * (kill + 1) // (KILLS + 3)
            deadline = time.monotonic() + 30
            while _open(campaign_id) > wanted and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(rng.uniform(0, 0.15))
            worker.kill()
            worker.wait()
            killed_in_a_call += shop_town.calls_in_hand(campaign_id)
        assert kills >= MIN_KILLS, "the kills must have come before the end"
        assert killed_in_a_call > 0, "some kills must have come between a call and its outcome"
        worker = _worker(emulator.base_url)
        deadline = time.monotonic() + 60 + GUIDES / 2
        while _open(campaign_id) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(3)
        worker.terminate()
        assert worker.wait(15) == 0
        assert town.tasks_made() == plan.batches, "no task may ever be made twice, not even to be taken back later"
        town.confirm_all()
        shop_town.collect_now(campaign_id)
        run_all_jobs(fail_on_dead=False)
        treated = {
            message.member_id
            for message in queries.list_messages(scope=WHOLE, campaign_id=campaign_id, limit=CUSTOMERS)
            if message.arm == "treated"
        }
        expected = Counter({member_id: int(member_id in treated) for member_id in town.members.values()})
        received = town.received()
        counts = queries.message_counts(scope=WHOLE, campaign_id=campaign_id)
        doubled = sum(count > expected[member_id] for member_id, count in received.items())
        lost = sum(received[member_id] < count for member_id, count in expected.items())
        print(
            f"kills: kills={kills} in_a_call={killed_in_a_call} recipients={len(treated)} doubled={doubled} lost={lost} "
            f"unknown={len(treated) - counts['sent']} seconds={time.monotonic() - started:.0f}"
        )
        assert (doubled, lost) == (0, 0)
        assert received == expected
        assert counts["sent"] == len(treated) == plan.planned
        assert queries.get_campaign(scope=WHOLE, campaign_id=campaign_id).state in {
            CampaignState.SENDING,
            CampaignState.SENT,
            CampaignState.DONE,
        }
