"""A process that answers one message: `python -m tests.journeys.answering_worker MESSAGE_ID [die]`.

With `die` it kills itself (SIGKILL) as soon as WeCom has taken the answer, before anything of that is written down.
"""

import os
import signal
import sys
from typing import Any

import django

django.setup()

from juqun.channels.wecom import operations as wecom  # noqa: E402 - Django must be set up first
from juqun.domains.robot import operations  # noqa: E402


def _die_after_sending() -> None:
    send = wecom.kf_send_text

    def send_and_die(**words: Any) -> None:
        send(**words)
        os.kill(os.getpid(), signal.SIGKILL)

    wecom.kf_send_text = send_and_die


if __name__ == "__main__":
    if "die" in sys.argv:
        _die_after_sending()
    operations.answer_message(message_id=int(sys.argv[1]))
