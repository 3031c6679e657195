"""Queue entry points of the service room; thin, and each safe to run twice.

`push` is the schedule that also heals: what a crash left behind is found by its state in the tables.
"""

from collections.abc import Iterable

from juqun.channels.wecom.errors import WecomBusyError, WecomCredentialError, WecomRefusedError
from juqun.domains.service import operations, queries
from juqun.kernel import clock
from juqun.kernel.jobs import RetryLater, enqueue_many, job

LEASE_SECONDS = 300
MEND_SECONDS = 300  # somebody has to mend the settings first


@job(queue="send", atomic=False, lease_seconds=LEASE_SECONDS)
def collect_handover(*, handover_id: int) -> None:
    """Look for keepers and propose."""
    try:
        operations.collect(handover_id=handover_id)
    except WecomBusyError as error:
        raise RetryLater(error.seconds) from None
    except (WecomCredentialError, WecomRefusedError):
        raise RetryLater(MEND_SECONDS) from None


@job(queue="send", atomic=False, lease_seconds=LEASE_SECONDS)
def work_handover(*, handover_id: int) -> None:
    """Ask WeCom for what is due, and read what became of the rest."""
    try:
        operations.work(handover_id=handover_id)
    except WecomBusyError as error:
        raise RetryLater(error.seconds) from None
    except WecomCredentialError:
        raise RetryLater(MEND_SECONDS) from None


@job(queue="send", atomic=False, lease_seconds=LEASE_SECONDS)
def offer_win_back(*, handover_id: int) -> None:
    """Ask the store to win back who refused."""
    operations.offer_win_back(handover_id=handover_id)


@job(queue="send", atomic=False, lease_seconds=LEASE_SECONDS)
def read_unassigned() -> None:
    """Find leavers of whom no callback told."""
    operations.take_up_unassigned()


@job(queue="bulk")
def push() -> None:
    """Approve what the policy approves by now; ask for the work that is due."""
    now = clock.now()
    operations.approve_due(at=now)
    ask_collect(queries.list_collecting_ids())
    ask_work(queries.list_due_ids(at=now, wall=clock.wall()))
    ids = queries.list_win_back_ids()
    enqueue_many(
        offer_win_back, [{"handover_id": pk} for pk in ids], dedupe_keys=[f"service.win_back:{pk}" for pk in ids]
    )


def ask_collect(handover_ids: Iterable[int]) -> None:
    """Ask for hand-overs to be proposed."""
    ids = list(handover_ids)
    enqueue_many(
        collect_handover, [{"handover_id": pk} for pk in ids], dedupe_keys=[f"service.collect:{pk}" for pk in ids]
    )


def ask_work(handover_ids: Iterable[int]) -> None:
    """Ask for running hand-overs to be worked on."""
    ids = list(handover_ids)
    enqueue_many(work_handover, [{"handover_id": pk} for pk in ids], dedupe_keys=[f"service.work:{pk}" for pk in ids])
