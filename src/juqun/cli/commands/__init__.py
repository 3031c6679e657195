"""The tree of commands. A newcomer reads `juqun --help` from top to bottom and knows the way."""

import click

from juqun import __version__
from juqun.cli.commands import run
from juqun.cli.commands.account import account
from juqun.cli.commands.doctor import doctor
from juqun.cli.commands.importing import import_group
from juqun.cli.commands.report import report
from juqun.cli.commands.wecom import wecom

HELP = """Juqun (聚群) keeps the customers of a chain of shops: gather, interact, operate, convert, measure.

\b
The way:
  1. juqun doctor                      what is missing here, and how to mend it
  2. juqun up                          serve everything: http://127.0.0.1:8000/console/
  3. juqun import tree stores.csv      the chain: provinces, cities, stores
  4. juqun import staff staff.csv      who works where, in which role
     juqun account add NAME ...        a login for the console
  5. juqun import members members.csv  your members; then products, orders, redemptions
  6. in the console: live codes, segments, campaigns
  7. juqun report                      recruits, groups, messages, orders, cohorts, uplift

Settings are environment variables (JUQUN_DATA_DIR, JUQUN_DATABASE_URL, ...): docs/reference/settings.md.
"""


@click.group(help=HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="juqun")
def root() -> None:
    """Parse nothing: the group only holds the commands together."""


for command in (run.up, run.web, run.worker, run.scheduler, import_group, report, doctor, account, wecom):
    root.add_command(command)
