"""Commands about logins of the console."""

import secrets

import click

from juqun.cli.commands.tables import require_tables
from juqun.domains.org import operations, queries
from juqun.domains.org.types import NodeKind, Role
from juqun.kernel.errors import DomainError
from juqun.kernel.scope import DataScope

PASSWORD_BYTES = 12
CHAIN_NAME = "Chain"


@click.group()
def account() -> None:
    """Open logins for the console."""


@account.command("add")
@click.argument("user")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]), help="What they do.")
@click.option("--node", default="", help="Code of the node they work at (default: the whole chain).")
@click.option("--name", default="", help="Their name (default: USER).")
@click.option("--userid", default="", help="Their account in WeCom (default: USER).")
@click.option("--password", default="", help="Their password (default: a random one, shown once).")
def add(user: str, role: str, node: str, name: str, userid: str, password: str) -> None:
    """Enter USER as staff with a login: role and node decide what they see.

    On a fresh installation `juqun account add hong --role hq_lead` founds the chain as well.
    """
    require_tables()
    chosen = password or secrets.token_urlsafe(PASSWORD_BYTES)
    try:
        person = operations.add_staff(
            node_id=_node_id(node),
            name=name or user,
            userid=userid or user,
            role=Role(role),
            account_username=user,
            password=chosen,
        )
    except DomainError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{user}: {person.role.value} at {person.node_name}")
    if not password:
        click.echo(f"Password, shown this once: {chosen}")


def _node_id(code: str) -> int:
    nodes = queries.list_nodes(scope=DataScope.whole_chain())
    if not code:
        chain = next((node for node in nodes if node.kind is NodeKind.CHAIN), None)
        return (chain or operations.create_chain(name=CHAIN_NAME)).id
    found = next((node for node in nodes if node.code == code), None)
    if found is None:
        msg = f"There is no node with the code {code}; import the tree first (juqun import tree FILE), or correct it."
        raise click.ClickException(msg)
    return found.id
