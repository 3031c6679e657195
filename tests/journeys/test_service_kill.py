"""kill -9 between an answer's call and its note: the customer hears it exactly once."""

import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection

from juqun.domains.robot import operations
from juqun.domains.robot.models import ServiceMessage, ServiceSend
from juqun.domains.robot.types import MessageOutcome, SendState
from juqun.kernel import clock
from tests.support.service_desk import KF, open_desk


def _worker(base_url: str, message_id: int, *words: str) -> subprocess.Popen[bytes]:
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
        "JUQUN_WECOM_BASE_URL": base_url,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    command = [sys.executable, "-m", "tests.journeys.answering_worker", str(message_id), *words]
    return subprocess.Popen(command, env=environment)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_kill_9_between_sending_and_noting_doubles_no_answer(settings):
    with open_desk(settings, clock=None, frozen=False) as desk:
        operations.set_keyword_reply(words=["停车"], text="免费")
        desk.says("停车")
        operations.pull_messages(open_kfid=KF, token="", at=clock.now())
        message_id = ServiceMessage.unscoped.get(is_customers=True).pk
        for kill in range(3):
            worker = _worker(settings.JUQUN_WECOM_BASE_URL, message_id, "die")
            is_killed = worker.wait(60) == -signal.SIGKILL
            assert is_killed == (kill == 0), "later ones learn from the refusal that the first got through"
            if is_killed:
                assert ServiceSend.unscoped.get().state == SendState.PLANNED
                over = clock.wall() - timedelta(seconds=1)
                ServiceMessage.unscoped.update(claimed_until=over)
                ServiceSend.unscoped.update(claimed_until=over)
        assert desk.heard() == ["免费"]
        assert ServiceSend.unscoped.get().state == SendState.SENT
        assert ServiceMessage.unscoped.get(is_customers=True).outcome == MessageOutcome.ANSWERED
