import csv

import pytest

from juqun.channels.wecom.events import StaffUserLeft
from juqun.domains.org import operations, queries
from juqun.domains.org.handlers import on_staff_user_left
from juqun.domains.org.models import OrgNode
from juqun.domains.org.testing import make_small_chain
from juqun.kernel import clock
from juqun.kernel.models import EventRecord
from juqun.kernel.scope import DataScope

pytestmark = pytest.mark.django_db
ALL = DataScope.whole_chain()


@pytest.fixture(autouse=True)
def _import_dir(settings, tmp_path):
    settings.JUQUN_IMPORT_DIR = tmp_path / "imports"


def tree(tmp_path, text):
    path = tmp_path / "tree.csv"
    path.write_text("code,kind,name,parent_code,longitude,latitude\n" + text)
    return operations.import_tree(path=path, actor="Hong")


def staff(tmp_path, text):
    path = tmp_path / "staff.csv"
    path.write_text("userid,name,role,node_code\n" + text)
    return operations.import_staff(path=path, actor="Hong")


def reasons(result):
    with result.error_file.open(encoding="utf-8-sig", newline="") as file:
        return {(row["_line"], row["_field"]) for row in csv.DictReader(file)}


WHOLE = "s1,store,一店,c1,113.1,23.1\ns2,门店,二店,c1,,\nc1,city,广州市,p1,,\np1,省,广东省,,,\nHQ,chain,总部,,,\n"


def test_a_whole_tree_in_any_order_and_again(tmp_path):
    result = tree(tmp_path, WHOLE)
    assert (result.rows_ok, result.rows_rejected) == (5, 0)
    nodes = queries.list_nodes(scope=ALL)
    assert [(node.code, node.city_name, node.province_name) for node in nodes] == [
        ("HQ", "", ""), ("p1", "", "广东省"), ("c1", "广州市", "广东省"), ("s1", "广州市", "广东省"), ("s2", "广州市", "广东省"),
    ]  # fmt: skip
    assert list(OrgNode.unscoped.order_by("path").values_list("numchild", flat=True)) == [1, 1, 2, 0, 0]
    assert EventRecord.objects.filter(name="org.store_opened").count() == 2
    again = tree(tmp_path, WHOLE.replace("二店", "新店") + "s3,store,三店,c1,,\n")
    assert (again.rows_ok, again.rows_skipped, again.rows_rejected) == (2, 4, 0)
    assert [node.name for node in queries.list_children(scope=ALL, node_id=nodes[2].id)] == ["一店", "新店", "三店"]
    store_ids = queries.find_store_ids(codes=["s1", "s3", "c1", "nope"])
    assert set(store_ids) == {"s1", "s3"}


def test_bad_nodes_are_set_aside(tmp_path):
    tree(tmp_path, WHOLE)
    bad = (
        "s1,store,一店,p1,,\nc1,store,x,p1,,\nx1,store,x,nowhere,,\nx2,city,x,s1,,\nx3,planet,x,,,\n"
        "x4,store,x,c1,,\nx4,store,y,c1,,\nH2,chain,x,,,\n"
    )
    result = tree(tmp_path, bad)
    assert (result.rows_ok, result.rows_skipped, result.rows_rejected) == (0, 0, 8)
    assert reasons(result) == {
        ("2", "parent_code"), ("3", "kind"), ("4", "parent_code"), ("5", "parent_code"), ("6", "kind"), ("7", "code"),
        ("8", "code"), ("9", "code"),
    }  # fmt: skip
    assert len(queries.list_nodes(scope=ALL)) == 5


def test_staff(tmp_path):
    org = make_small_chain()
    result = staff(
        tmp_path,
        "ann,安,guide,S001\nbob,博,店长,S002\nli,Li,store_manager,S001\nx,x,guide,4401\ny,y,boss,S001\nz,z,guide,no\n",
    )
    assert (result.rows_ok, result.rows_skipped, result.rows_rejected) == (2, 1, 3)
    assert reasons(result) == {("5", "role"), ("6", "role"), ("7", "node_code")}
    again = staff(tmp_path, "ann,安,guide,S003\nbob,博,店长,S002\n")
    assert (again.rows_ok, again.rows_skipped) == (1, 1)
    assert queries.get_staff_by_userid(userid="ann").node_id == org.nanshan.id
    assert EventRecord.objects.filter(name="org.staff_joined").count() == 5 + 2


def test_who_is_deleted_from_the_address_book_has_left():
    make_small_chain()
    for userid in ("wang", "wang", "nobody"):
        on_staff_user_left(StaffUserLeft(userid=userid, at=clock.now()))
    assert not queries.get_staff_by_userid(userid="wang").is_active
    assert EventRecord.objects.filter(name="org.staff_left").count() == 1
