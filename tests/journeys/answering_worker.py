"""A process that the kill test starts and kills while it answers: `python -m tests.journeys.answering_worker MESSAGE_ID`."""

import sys

import django

django.setup()

from juqun.domains.robot import operations  # noqa: E402 - Django must be set up first

if __name__ == "__main__":
    operations.answer_message(message_id=int(sys.argv[1]))
