"""Writes of the organisation room: the tree, the staff, the policies, and their import from files."""

from juqun.domains.org.operations.files import import_staff, import_tree
from juqun.domains.org.operations.policies import set_policy
from juqun.domains.org.operations.staff import add_staff, staff_left
from juqun.domains.org.operations.tree import add_node, create_chain

__all__ = ["add_node", "add_staff", "create_chain", "import_staff", "import_tree", "set_policy", "staff_left"]
