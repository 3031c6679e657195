"""The command line as a person types it: files in, a report out, logins, and what is said when something is missing."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from django.contrib.auth import get_user_model

from juqun.cli.commands import root
from juqun.cli.commands.doctor import examine
from juqun.config import wiring
from juqun.domains.org import queries as org
from juqun.domains.org.types import NodeKind, Role
from juqun.kernel.jobs.schedule import declare
from juqun.kernel.scope import DataScope
from juqun.lake.engine import get_engine
from juqun.lake.testing import fresh_lake

pytestmark = pytest.mark.django_db(transaction=True)

TREE = "code,kind,name,parent_code\nHQ,chain,聚群,\n44,province,广东省,HQ\n4401,city,广州市,44\nS1,store,天河店,4401\n"
MEMBERS = "key,name,phone,store_code,kids\n000001,王伟,13800000001,S1,2\n000002,李芳,12,S1,0\n"
ORDERS = (
    "order_ref,line_no,member_key,store_code,product_ref,quantity,amount_yuan,paid_at\n"
    "A1,1,000001,S1,p1,1,12.50,2017-03-01 10:00:00\nA1,2,000001,S1,p2,2,3.00,2017-03-01 10:00:00\n"
    "A2,1,000001,S9,p1,1,1.00,2017-03-01 11:00:00\n"
)


@pytest.fixture(autouse=True)
def _own_folders(settings, tmp_path):
    fresh_lake(settings, tmp_path)
    settings.JUQUN_IMPORT_DIR = tmp_path / "imports"
    settings.JUQUN_WECOM_BASE_URL = "http://127.0.0.1:9"
    settings.PUBLIC_URL = "http://127.0.0.1:9"


def juqun(*arguments: str) -> Result:
    return CliRunner().invoke(root, list(arguments))


def write(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_help_names_every_command_and_the_way():
    result = juqun("--help")
    assert result.exit_code == 0
    for name in ("up", "web", "worker", "scheduler", "import", "report", "doctor", "account", "The way:"):
        assert name in result.output


def test_files_come_in_and_what_is_wrong_is_set_aside_with_the_next_step(tmp_path):
    assert (
        "tree: 4 taken over, 0 known already, 0 set aside"
        in juqun("import", "tree", write(tmp_path, "t.csv", TREE)).output
    )
    again = juqun("import", "tree", str(tmp_path / "t.csv"))
    assert "tree: 0 taken over, 4 known already, 0 set aside" in again.output

    result = juqun("import", "members", write(tmp_path, "m.csv", MEMBERS))
    assert "members: 1 taken over, 0 known already, 1 set aside" in result.output
    (error_file,) = (tmp_path / "imports").glob("*-errors.csv")
    assert f"juqun import members {error_file}" in result.output
    error_file.write_text(error_file.read_text(encoding="utf-8-sig").replace(",12,", ",13800000002,"), encoding="utf-8")
    assert "members: 1 taken over, 0 known already, 0 set aside" in juqun("import", "members", str(error_file)).output

    result = juqun("import", "orders", write(tmp_path, "o.csv", ORDERS))
    assert "orders: 2 taken over, 0 known already, 1 set aside" in result.output
    rows = get_engine().query("SELECT amount_fen, line_count FROM orders").to_pylist()
    assert rows == [{"amount_fen": 1550, "line_count": 2}]
    assert get_engine().query("SELECT count(*) AS n FROM members").to_pylist() == [{"n": 2}]


def test_a_wrong_header_is_one_line_that_says_what_to_mend(tmp_path):
    result = juqun("import", "tree", write(tmp_path, "t.csv", "code,name\nHQ,聚群\n"))
    assert result.exit_code == 1
    assert "kind" in result.output
    assert "Traceback" not in result.output


def test_account_founds_the_chain_and_opens_logins_where_the_node_is_known():
    result = juqun("account", "add", "hong", "--role", "hq_lead", "--name", "洪总", "--password", "long-enough-1")
    assert result.exit_code == 0, result.output
    assert "long-enough-1" not in result.output
    assert get_user_model().objects.get(username="hong").check_password("long-enough-1")
    (person,) = org.list_staff(scope=DataScope.whole_chain())
    assert (person.name, person.role, person.userid) == ("洪总", Role.HQ_LEAD, "hong")

    unknown = juqun("account", "add", "li", "--role", "store_manager", "--node", "S7")
    assert unknown.exit_code == 1
    assert "import the tree first" in unknown.output
    taken = juqun("account", "add", "hong", "--role", "hq_lead")
    assert taken.exit_code == 1
    assert len(org.list_nodes(scope=DataScope.whole_chain(), kind=NodeKind.CHAIN)) == 1


def test_account_without_password_shows_a_random_one_once():
    result = juqun("account", "add", "chen", "--role", "hq_lead")
    password = result.output.strip().rsplit(" ", 1)[-1]
    assert len(password) >= 12
    assert get_user_model().objects.get(username="chen").check_password(password)


def test_report_counts_an_empty_chain_as_zero_and_as_tables_too():
    juqun("account", "add", "hong", "--role", "hq_lead", "--password", "long-enough-1")
    result = juqun("report", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.output)
    assert found["groups_by_state"] == {"open": 0, "full": 0, "silent": 0, "dismissed": 0}
    assert found["orders_by_source"] == []
    assert found["campaign"] is None
    shown = juqun("report")
    assert shown.exit_code == 0
    assert "Recruits by source" in shown.output
    assert juqun("report", "--campaign", "77").exit_code == 1


def test_doctor_names_what_is_missing_and_what_to_do(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path / "no-static"
    declare(wiring.SCHEDULES)
    found = {one.name: one for one in examine()}
    assert found["Database"].is_ok
    assert found["Tables"].is_ok
    assert found["Lake"].is_ok
    assert not found["Static files"].is_ok
    assert not found["Scheduler"].is_ok
    assert not found["Access token of the app"].is_ok
    assert all(one.remedy for one in found.values() if not one.is_ok)
    result = juqun("doctor")
    assert result.exit_code == 1
    assert "need mending" in result.output


def test_doctor_sees_a_secret_that_others_may_read(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    (tmp_path / "secret.key").write_text("secret")
    (tmp_path / "secret.key").chmod(0o644)
    found = {one.name: one for one in examine()}
    assert not found["Secret key"].is_ok
    assert "644" in found["Secret key"].seen
    (tmp_path / "secret.key").chmod(0o600)
    assert {one.name: one for one in examine()}["Secret key"].is_ok


def test_a_sync_is_asked_for_once():
    first, second = juqun("wecom", "sync", "--reconcile"), juqun("wecom", "sync")
    assert (first.exit_code, second.exit_code) == (0, 1)
    assert "see Sync in the console" in first.output
    assert "being read already (staff)" in second.output
