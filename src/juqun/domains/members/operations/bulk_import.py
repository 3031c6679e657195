"""One batch of an import of members: prepared without the database, then written in a handful of statements."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from django.db import IntegrityError, OperationalError, connections, router, transaction
from django.utils.translation import gettext as _

from juqun.domains.members import rules
from juqun.domains.members.errors import ConcurrentIdentifyError
from juqun.domains.members.models import ConsentRecord, Member, MemberIdentity, MemberTag
from juqun.domains.members.operations.consent import withdrawn_ids
from juqun.domains.members.operations.locks import TRIES, lock_rows
from juqun.domains.members.operations.merges import absorb
from juqun.domains.members.queries.lookups import chunked
from juqun.domains.members.types import ConsentPurpose, IdentityKind
from juqun.domains.org import queries as org
from juqun.kernel import clock, ids
from juqun.kernel.imports.bulk import insert_rows, reserve_ids
from juqun.kernel.imports.types import Batch, BatchOutcome, Column, ColumnKind, Reject
from juqun.kernel.secrets import keyed_hashes, seal_many

COLUMNS: Final = (
    Column(name="key", required=True, aliases=("member_key", "household_id", "编号", "会员编号", "会员号")),
    Column(name="name", aliases=("display_name", "姓名", "昵称")),
    Column(name="phone", aliases=("mobile", "手机", "手机号", "电话")),
    Column(name="card", aliases=("card_number", "卡号", "会员卡号")),
    Column(name="unionid"),
    Column(name="store_code", aliases=("store", "门店", "门店编码")),
    Column(name="gender", aliases=("sex", "性别")),
    Column(name="birth_year", kind=ColumnKind.INT, aliases=("出生年", "出生年份")),
    Column(name="tier", aliases=("level", "等级", "会员等级")),
    Column(name="tags", aliases=("标签",)),
    Column(name="consent_marketing", kind=ColumnKind.BOOL, aliases=("同意营销",)),
    Column(name="joined_at", kind=ColumnKind.DATETIME, aliases=("入会时间", "注册时间")),
)
SOURCE: Final = "import"
LONGEST: Final = {"name": 120, "tier": 32}
UPDATED: Final = (
    "display_name", "store", "tier", "gender", "birth_year", "attributes", "consent_marketing",
)  # fmt: skip
# Plain strings: a database driver binds them twice as fast as members of an enum.
KINDS: Final = {
    "key": IdentityKind.CARD.value,
    "card": IdentityKind.CARD.value,
    "phone": IdentityKind.PHONE.value,
    "unionid": IdentityKind.UNIONID.value,
}

Name = tuple[str, bytes]


@dataclass(slots=True)
class Line:
    """One good line, ready to be written. `names`: (kind, hash) -> (column, normalised value); the key comes first."""

    line_no: int
    names: dict[Name, tuple[str, str]]
    fingerprint: bytes
    display_name: str
    store_code: str | None
    store_id: int | None
    tier: str
    gender: str
    birth_year: int | None
    tags: Sequence[str]
    consent: bool | None
    joined_at: datetime | None
    attributes: str
    key: Name


@dataclass(slots=True)
class Known:
    """An identity that is in the database already."""

    pk: int
    member_id: int
    fingerprint: bytes | None
    run: int | None


@dataclass(slots=True)
class Plan:
    """What is to be done with the lines of a batch."""

    new: list[Line] = field(default_factory=list)
    existing: list[tuple[Line, int]] = field(default_factory=list)
    merges: list[tuple[int, int]] = field(default_factory=list)
    seen_keys: list[int] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    skipped: int = 0


class MemberSink:
    """The sink of one run."""

    def __init__(self) -> None:
        self.run_id = 0
        self.rows_ok = 0

    def __call__(self, batch: Batch) -> BatchOutcome:
        self.run_id = batch.run_id
        lines, rejects = batch.prepared
        lines, homeless = _house(lines)
        plan = _take_over(lines, batch.run_id)
        rows_ok = len(plan.new) + len(plan.existing)
        self.rows_ok += rows_ok
        return BatchOutcome(rows_ok=rows_ok, rows_skipped=plan.skipped, rejects=[*rejects, *homeless, *plan.rejects])


def _take_over(lines: Sequence[Line], run_id: int) -> Plan:
    """Plan and write; once more when somebody else (a twin of this run, a customer on WeCom) was faster with one of the names."""
    for tries_left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                plan = _plan(lines, run_id)
                _write_new(plan.new, run_id)
                _write_existing(plan, run_id)
        except (IntegrityError, OperationalError):
            if not tries_left:
                raise
        else:
            return plan
    raise ConcurrentIdentifyError


def prepare(batch: Batch) -> tuple[list[Line], list[Reject]]:
    """Normalise and hash a batch column by column; lines with an impossible value become rejects. Without the database."""
    table = batch.table
    line_nos: list[int] = table.column("line_no").to_pylist()
    columns = {column.name: table.column(column.name).to_pylist() for column in COLUMNS}
    rejects: list[Reject] = []

    def refuse(index: int, name: str, reason: str) -> None:
        rejects.append(Reject(line_no=line_nos[index], field=name, value=str(columns[name][index]), reason=reason))

    names = {name: _normalised(columns[name], name, refuse) for name in KINDS}
    hashes = {name: _hashed(KINDS[name], names[name]) for name in KINDS}
    _check(columns, refuse)
    genders = {word: rules.normalise_gender(word) if word else "" for word in set(columns["gender"])}
    marks = _fingerprints(table, batch.extras)
    attributes = _attributes(batch.extras, len(line_nos))
    bad = {reject.line_no for reject in rejects}
    named = [(kind, name, hashes[name], names[name]) for name, kind in KINDS.items()]
    rest = ("name", "store_code", "tier", "gender", "birth_year", "tags", "consent_marketing", "joined_at")
    lines = []
    cells = zip(line_nos, marks, attributes, *(columns[name] for name in rest), strict=True)
    for index, (line_no, mark, extra, name, code, tier, gender, year, tags, consent, joined) in enumerate(cells):
        if line_no in bad:
            continue
        own: dict[Name, tuple[str, str]] = {}
        for kind, column, found, normal in named:
            key = found[index]
            if key is not None:
                own.setdefault((kind, key), (column, normal[index] or ""))
        lines.append(
            Line(
                line_no,
                own,
                mark,
                name or "",
                code,
                None,
                tier or "",
                genders[gender],
                year,
                rules.split_words(tags) if tags else (),
                consent,
                joined,
                extra,
                next(iter(own)),
            )
        )
    return lines, rejects


def _normalised(values: Sequence[str | None], name: str, refuse: Callable[[int, str, str], None]) -> list[str | None]:
    """Normal forms of a column; what cannot be normalised is refused."""
    kind = KINDS[name]
    normal = rules.normalise_many(IdentityKind(kind), values)
    if "" in normal:
        reason = _("is not a valid number") if kind == IdentityKind.PHONE else _("is too long")
        for index, value in enumerate(normal):
            if value == "":
                refuse(index, name, reason)
    return normal


def _hashed(kind: str, values: Sequence[str | None]) -> list[bytes | None]:
    present = [value for value in values if value is not None]
    hashes = iter(keyed_hashes(kind, present))
    return [None if value is None else next(hashes) for value in values]


def _house(lines: Sequence[Line]) -> tuple[Sequence[Line], list[Reject]]:
    """Find the store of each line by its code; lines with an unknown one become rejects."""
    codes = {line.store_code for line in lines if line.store_code}
    if not codes:
        return lines, []
    stores: dict[str | None, int | None] = {None: None}
    stores.update(org.find_store_ids(codes=codes))
    for line in lines:
        line.store_id = stores.get(line.store_code)
    reason = _("is no store of the organisation; import the tree first")
    rejects = [
        Reject(line_no=line.line_no, field="store_code", value=line.store_code or "", reason=reason)
        for line in lines
        if line.store_code not in stores
    ]
    return [line for line in lines if line.store_code in stores] if rejects else lines, rejects


def _check(columns: dict[str, list[Any]], refuse: Callable[[int, str, str], None]) -> None:
    low, high = rules.BIRTH_YEARS
    for index, year in enumerate(columns["birth_year"]):
        if year is not None and not low <= year <= high:
            refuse(index, "birth_year", _("is not a year of birth"))
    for name, longest in LONGEST.items():
        for index, value in enumerate(columns[name]):
            if value is not None and len(value) > longest:
                refuse(index, name, _("is too long"))


def _fingerprints(table: pa.Table, extras: pa.Table) -> list[bytes]:
    """A keyed hash of all values of each line (keyed, so that nobody can try out whose line it was)."""
    columns = [table.column(column.name).cast(pa.string()) for column in COLUMNS]
    columns += [extras.column(name) for name in sorted(extras.column_names)]
    joined = pc.binary_join_element_wise(*columns, "\x1f", null_handling="replace", null_replacement="")
    return keyed_hashes("import_line", joined.to_pylist())


def _attributes(extras: pa.Table, rows: int) -> list[str]:
    """The extra columns of each line as JSON; equal combinations (they are many) are written out once."""
    if not extras.num_columns:
        return ["{}"] * rows
    names = extras.column_names
    encode = json.JSONEncoder(ensure_ascii=False).encode
    known: dict[tuple[str | None, ...], str] = {}
    texts = []
    for values in zip(*(extras.column(name).to_pylist() for name in names), strict=True):
        text = known.get(values)
        if text is None:
            filled = {name: value for name, value in zip(names, values, strict=True) if value is not None}
            text = known[values] = encode(filled)
        texts.append(text)
    return texts


def _plan(lines: Sequence[Line], run_id: int) -> Plan:
    """Sort lines into new members, changed ones and known ones; set aside what contradicts itself or the database."""
    plan = Plan()
    known = _known({name for line in lines for name in line.names})
    keyed = _members_with_a_key({found.member_id for found in known.values()})
    taken: dict[Name, Line] = {}
    for line in lines:
        if not taken.keys().isdisjoint(line.names):
            _refuse_repeated(plan, line, taken)
            continue
        if known.keys().isdisjoint(line.names):
            plan.new.append(line)
            taken.update(dict.fromkeys(line.names, line))
            continue
        _plan_known(plan, line, known, keyed, run_id)
        taken[line.key] = line
    return plan


def _refuse_repeated(plan: Plan, line: Line, taken: dict[Name, Line]) -> None:
    """A line that shares a name with an earlier one of the batch: the same line again is skipped, anything else set aside."""
    name = next(name for name in line.names if name in taken)
    earlier = taken[name]
    if name == line.key == earlier.key and earlier.fingerprint == line.fingerprint:
        plan.skipped += 1
        return
    _set_aside(plan, line, name, _("is on line %(line)s already, with other values") % {"line": earlier.line_no})


def _plan_known(plan: Plan, line: Line, known: dict[Name, Known], keyed: set[int], run_id: int) -> None:
    own = known.get(line.key)
    if own is not None and own.fingerprint == line.fingerprint:
        plan.skipped += 1
        plan.seen_keys.append(own.pk)
        return
    if own is not None and own.run == run_id:
        _set_aside(plan, line, line.key, _("is in this file already, with other values"))
        return
    others = {name: found for name in line.names if name != line.key and (found := known.get(name)) is not None}
    keep = own.member_id if own is not None else min(found.member_id for found in others.values())
    for name, found in others.items():
        if (found.member_id != keep and found.member_id in keyed) or (own is None and found.member_id in keyed):
            _set_aside(plan, line, name, _("belongs to a member with another key"))
            return
    for other in {found.member_id for found in others.values()} - {keep}:
        plan.merges.append((keep, other))
        for found in known.values():
            if found.member_id == other:
                found.member_id = keep
    keyed.add(keep)
    plan.existing.append((line, keep))
    known.update(
        {name: Known(pk=0, member_id=keep, fingerprint=None, run=None) for name in line.names if name not in known}
    )


def _set_aside(plan: Plan, line: Line, name: Name, reason: str) -> None:
    column, value = line.names[name]
    plan.rejects.append(Reject(line_no=line.line_no, field=column, value=value, reason=reason))


def _known(names: Iterable[Name]) -> dict[Name, Known]:
    """Identities of the batch that are in the database."""
    wanted = set(names)
    table = MemberIdentity._meta.db_table
    known: dict[Name, Known] = {}
    with connections[router.db_for_write(MemberIdentity)].cursor() as cursor:
        for part in chunked(list({found for _kind, found in wanted})):
            places = ",".join(
                ["%s"] * len(part)
            )  # past the ORM, which spends more time on naming than the database on finding
            cursor.execute(
                f"SELECT kind, hash, id, member_id, import_fingerprint, import_run FROM {table} WHERE hash IN ({places})",
                list(part),
            )
            for kind, found, pk, member_id, mark, run in cursor.fetchall():
                name = (kind, bytes(found))
                if name in wanted:
                    known[name] = Known(pk, member_id, bytes(mark) if mark is not None else None, run)
    return known


def _members_with_a_key(member_ids: set[int]) -> set[int]:
    keyed: set[int] = set()
    for part in chunked(sorted(member_ids)):
        rows = MemberIdentity.objects.filter(member_id__in=part, import_fingerprint__isnull=False)
        keyed.update(rows.values_list("member_id", flat=True))
    return keyed


def _write_new(lines: Sequence[Line], run_id: int) -> None:
    if not lines:
        return
    adapt = connections[router.db_for_write(Member)].ops.adapt_datetimefield_value
    now = adapt(clock.now())
    times: dict[datetime | None, Any] = {None: now}
    for joined in {line.joined_at for line in lines} - {None}:
        times[joined] = adapt(clock.from_business_time(joined))  # type: ignore[arg-type]
    pks = reserve_ids(Member, len(lines))
    insert_rows(
        Member,
        (
            "id", "public_id", "display_name", "store_id", "tier", "gender", "birth_year", "is_friend",
            "consent_marketing", "consent_profiling", "attributes", "source", "created_at",
        ),
        [
            (
                pk, public_id, line.display_name, line.store_id, line.tier, line.gender, line.birth_year, False,
                bool(line.consent), False,
                line.attributes, SOURCE, times[line.joined_at],
            )
            for pk, public_id, line in zip(pks, ids.new_ids(len(lines)), lines, strict=True)
        ],
    )  # fmt: skip
    _insert_identities([(pk, line, list(line.names)) for pk, line in zip(pks, lines, strict=True)], run_id, now)
    insert_rows(
        MemberTag,
        ("member_id", "tag", "source", "created_at"),
        [(pk, tag, SOURCE, now) for pk, line in zip(pks, lines, strict=True) for tag in line.tags],
    )
    insert_rows(
        ConsentRecord,
        ("member_id", "purpose", "granted", "source", "at"),
        [
            (pk, ConsentPurpose.MARKETING.value, line.consent, SOURCE, now)
            for pk, line in zip(pks, lines, strict=True)
            if line.consent is not None
        ],
    )


def _insert_identities(wanted: Sequence[tuple[int, Line, Sequence[Name]]], run_id: int, now: Any) -> None:
    flat = [(pk, line, name) for pk, line, names in wanted for name in names]
    flat.sort(key=lambda entry: entry[2][1])  # in the order of the index, which then is walked once and not at random
    sealed = seal_many([line.names[name][1] for _pk, line, name in flat])
    insert_rows(
        MemberIdentity,
        ("member_id", "kind", "hash", "sealed", "created_at", "import_fingerprint", "import_run"),
        [
            (pk, name[0], name[1], blob, now, line.fingerprint, run_id)
            if name is line.key
            else (pk, name[0], name[1], blob, now, None, None)
            for (pk, line, name), blob in zip(flat, sealed, strict=True)
        ],
    )


def _write_existing(plan: Plan, run_id: int) -> None:
    """Bring members up to date that were known before; and note which known lines this run has seen."""
    for part in chunked(plan.seen_keys):
        MemberIdentity.objects.filter(pk__in=part).update(import_run=run_id)
    if not plan.existing:
        return
    at = clock.now()
    for keep_id, other_id in plan.merges:
        rows = lock_rows([keep_id, other_id])
        absorb(keep=rows[keep_id], other=rows[other_id], actor="", reason="import", at=at)
    targets = sorted({member_id for _line, member_id in plan.existing})
    members = {pk: row for part in chunked(targets) for pk, row in lock_rows(part).items()}
    said_no = withdrawn_ids(member_ids=members, purpose=ConsentPurpose.MARKETING, but_by=SOURCE)
    for line in (line for line, pk in plan.existing if line.consent and pk in said_no):
        line.consent = None  # an old list does not undo what the customer said to us
    consents = [
        ConsentRecord(member_id=pk, purpose=ConsentPurpose.MARKETING, granted=line.consent, source=SOURCE, at=at)
        for line, pk in plan.existing
        if line.consent is not None and line.consent != members[pk].consent_marketing
    ]
    for line, pk in plan.existing:
        _update(members[pk], line)
    Member.unscoped.bulk_update(members.values(), UPDATED, batch_size=500)
    ConsentRecord.objects.bulk_create(consents, batch_size=500)
    MemberTag.objects.bulk_create(
        [
            MemberTag(member_id=pk, tag=tag, source=SOURCE, created_at=at)
            for line, pk in plan.existing
            for tag in line.tags
        ],
        ignore_conflicts=True,
        batch_size=500,
    )
    _mark(plan.existing, run_id, at)


def _mark(existing: Sequence[tuple[Line, int]], run_id: int, at: datetime) -> None:
    """Add the identities that are new to known members, and the new fingerprints of known keys."""
    known = _known({name for line, _pk in existing for name in line.names})
    adapt = connections[router.db_for_write(Member)].ops.adapt_datetimefield_value
    _insert_identities(
        [(pk, line, [name for name in line.names if name not in known]) for line, pk in existing], run_id, adapt(at)
    )
    MemberIdentity.objects.bulk_update(
        [
            MemberIdentity(pk=known[line.key].pk, import_fingerprint=line.fingerprint, import_run=run_id)
            for line, _pk in existing
            if line.key in known
        ],
        ["import_fingerprint", "import_run"],
        batch_size=500,
    )


def _update(member: Member, line: Line) -> None:
    """Filled cells overwrite, empty ones leave what is there."""
    for name in ("display_name", "store_id", "tier", "gender", "birth_year"):
        value = getattr(line, name)
        if value not in ("", None):
            setattr(member, name, value)
    member.attributes = {**member.attributes, **json.loads(line.attributes)}
    if line.consent is not None:
        member.consent_marketing = line.consent
