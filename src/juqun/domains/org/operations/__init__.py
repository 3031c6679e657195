"""Writes of the organisation room: the tree, the staff, the policies, and their import from files."""

from juqun.domains.org.operations.files import import_staff, import_tree
from juqun.domains.org.operations.policies import set_policy
from juqun.domains.org.operations.roll_call import end_missing_staff, missing_staff, take_up_staff
from juqun.domains.org.operations.staff import add_staff, staff_left, staff_returned
from juqun.domains.org.operations.tree import add_node, create_chain

__all__ = [
    "add_node",
    "add_staff",
    "create_chain",
    "end_missing_staff",
    "import_staff",
    "import_tree",
    "missing_staff",
    "set_policy",
    "staff_left",
    "staff_returned",
    "take_up_staff",
]
