"""The WSGI application of the embedded way to run: workers and scheduler are threads of the web process."""

from multiprocessing.util import Finalize

from juqun.config.wsgi import application
from juqun.kernel.jobs.schedule import Scheduler
from juqun.kernel.jobs.work import Worker
from juqun.kernel.models import Queue

__all__ = ["application"]

_worker = Worker({Queue.NOW: 2, Queue.SEND: 1, Queue.BULK: 2})
_scheduler = Scheduler()
_worker.start()
_scheduler.start()
# The server ends its process without atexit; this runs all the same. A kill is safe too: leases run out.
Finalize(None, _worker.stop, exitpriority=20)
Finalize(None, _scheduler.stop, exitpriority=10)
