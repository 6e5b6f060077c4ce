"""Step 0002: which delivery mends which; what left the warehouse stays known, and the views by which analysts ask what was known and what held."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SORTABLE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

FIELDS = (
    *(
        "person_key",
        "event_key",
        "person_name",
        "id_type",
        "sex",
        "employer_name",
        "employer_code",
        "employer_division",
    ),
    *(
        "stage",
        "subject",
        "title",
        "project_code",
        "project_name",
        "class_name",
        "level",
        "mode",
        "mode_detail",
        "role",
    ),
    *(
        "provider_name",
        "start_date",
        "end_date",
        "date_precision",
        "training_year",
        "hours_basis",
        "credits_basis",
    ),
    *(
        "credit_kind",
        "result",
        "certificate_no",
        "status",
        "agency_record_id",
        "reporter",
        "own_side",
        "delivery_id",
    ),
)

VERSION = (
    "r.record_id, r.record_key, coalesce(r.row_key, r.record_key) as row_key, r.refers, r.entry, r.status, r.credits_x100,"
    " t.source, t.slot, t.semantics, t.sort_key, t.since, t.known_from, t.known_until"
)

# Records are looked up by their number, in one table after the other: SQLite would scan the two of them for every line.
LINES = """
select
    r.record_id, r.record_key, {fields}, round(r.hours_x100 / 100.0, 2) as hours,
    round(case when l.state <> 'cancelling' then coalesce(l.net_x100, r.credits_x100) else r.credits_x100 end / 100.0, 2)
        as credits,
    round(r.score_x100 / 100.0, 2) as score, t.source, t.slot, t.plugin, r.file, nullif(r.sheet, '') as sheet, r."row",
    l.state, l.known as known_from, l.next as known_until, nullif(l.since, {always}) as valid_from, l.until as valid_until
from line as l
join {table} as r on r.record_id = l.record_id
join told as t on t.delivery_id = r.delivery_id
where l.state <> 'superseded'
"""

# Every version of every record with the state that it had, as rectangles of two times: known [known_from, known_until) and
# valid [valid_from, valid_until), open where null. A version that a later one replaces there has no line. It says at every
# point what etl_core.warehouse.asof says. A delivery that mends another one withdraws nothing, and holds places as that one does. {always} is before every effective date.
VIEW = """
create view record_history as
with told as materialized (
    select delivery_id, source, slot, semantics, sort_key, plugin, fingerprint, mends, coalesce(dated, {always}) as since,
        loaded_at as known_from, left_at as known_until
    from former_delivery where result = 'loaded'
    union all
    select delivery_id, source, slot, semantics, sort_key, plugin, fingerprint, mends, coalesce(dated, {always}), loaded_at, null
    from delivery where result = 'loaded'
), version as materialized (
    select {version} from record as r join told as t on t.delivery_id = r.delivery_id
    union all
    select {version} from former_record as r join told as t on t.delivery_id = r.delivery_id
), held as materialized (
    select coalesce(root.delivery_id, t.delivery_id) as delivery_id, refused.row_key
    from (
        select delivery_id, row_key from quarantine where row_key is not null
        union select delivery_id, row_key from former_refused
    ) as refused
    join told as t on t.delivery_id = refused.delivery_id
    left join told as root on root.source = t.source and root.fingerprint = t.mends
), fact as materialized (
    select v.record_id, 'superseded' as what, 0 as entry_id, w.since, w.known_from, w.known_until, 0 as credits_x100
    from version as v join version as w on w.record_key = v.record_key and w.sort_key > v.sort_key
    union all
    select v.record_id, 'absent', 0, t.since, t.known_from, t.known_until, 0
    from version as v
    join told as t on t.source = v.source and t.slot = v.slot and t.sort_key > v.sort_key
    left join held as h on h.delivery_id = t.delivery_id and h.row_key = v.row_key
    where v.semantics = 'snapshot' and t.mends is null and h.delivery_id is null
    union all
    select v.record_id, e.entry, e.record_id, e.since, e.known_from, e.known_until, coalesce(e.credits_x100, 0)
    from version as v join version as e on e.refers = v.record_key where v.semantics = 'ledger'
    union all
    select v.record_id, 'replaced', e.record_id, f.since, f.known_from, f.known_until, 0
    from version as v
    join version as e on e.refers = v.record_key
    join version as f on f.record_key = e.record_key and f.sort_key > e.sort_key
    where v.semantics = 'ledger'
), moment as (
    select record_id, known_from as known from version
    union
    select f.record_id, f.known_from from fact as f join version as v on v.record_id = f.record_id
    where f.known_from > v.known_from and (v.known_until is null or f.known_from < v.known_until)
    union
    select f.record_id, f.known_until from fact as f join version as v on v.record_id = f.record_id
    where f.known_until > v.known_from and (v.known_until is null or f.known_until < v.known_until)
), era as (
    select record_id, known, lead(known) over (partition by record_id order by known) as next from moment
), day as (
    select record_id, since from version
    union
    select f.record_id, f.since from fact as f join version as v on v.record_id = f.record_id where f.since > v.since
), effect as (
    select e.record_id, e.known, e.next, d.since, f.entry_id,
        max(case when f.what = 'superseded' then 1 else 0 end) as superseded,
        max(case when f.what = 'absent' then 1 else 0 end) as absent,
        max(case when f.what = 'correction' then 1 else 0 end) as corrected,
        max(case when f.what = 'replaced' then 1 else 0 end) as replaced,
        max(case when f.what = 'cancellation' then 1 else 0 end) as cancels,
        min(f.credits_x100) as credits_x100
    from era as e
    join day as d on d.record_id = e.record_id
    left join fact as f on f.record_id = e.record_id and f.since <= d.since
        and f.known_from <= e.known and (f.known_until is null or f.known_until > e.known)
    group by e.record_id, e.known, e.next, d.since, f.entry_id
), judged as (
    select record_id, known, next, since, max(superseded) as superseded, max(absent) as absent,
        max(case when replaced = 0 then corrected else 0 end) as corrected,
        sum(case when replaced = 0 and cancels = 1 then credits_x100 end) as cancelled
    from effect group by record_id, known, next, since
), stated as (
    select j.record_id, j.known, coalesce(j.next, v.known_until) as next, j.since,
        case
            when j.superseded = 1 then 'superseded'
            when v.semantics = 'ledger' and v.entry = 'cancellation' then 'cancelling'
            when j.corrected = 1 or coalesce(v.credits_x100, 0) + j.cancelled <= 0 then 'withdrawn'
            when j.absent = 1 or v.status = 'withdrawn' then 'withdrawn'
            else 'current'
        end as state,
        coalesce(v.credits_x100, 0) + j.cancelled as net_x100
    from judged as j join version as v on v.record_id = j.record_id
), told_once as (
    select stated.*,
        coalesce(lag(state) over w, '') as state_before, coalesce(lag(net_x100) over w, 0) as net_before
    from stated window w as (partition by record_id, known order by since)
), line as materialized (
    select told_once.*, lead(since) over (partition by record_id, known order by since) as until
    from told_once where state <> state_before or coalesce(net_x100, 0) <> net_before
)
{lines}
"""


def upgrade() -> None:
    """Make the tables of what left, and the view; every table of step 0001 stays as it is."""
    op.add_column("delivery", sa.Column("mends", sa.Text()))
    op.create_table(
        "former_delivery",
        sa.Column("delivery_id", WHOLE, autoincrement=False, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("size", WHOLE, nullable=False),
        sa.Column("modified", sa.Double(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("reporter", sa.Text(), nullable=False),
        sa.Column("sort_key", SORTABLE, nullable=False),
        sa.Column("dated", sa.Date()),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("semantics", sa.Text(), nullable=False),
        sa.Column("plugin", sa.Text(), nullable=False),
        sa.Column("rows_read", WHOLE, nullable=False),
        sa.Column("rows_loaded", WHOLE, nullable=False),
        sa.Column("rows_quarantined", WHOLE, nullable=False),
        sa.Column("rows_skipped", WHOLE, nullable=False),
        sa.Column("records", WHOLE, nullable=False),
        sa.Column("accounts", sa.JSON(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mends", sa.Text()),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_run", sa.Text(), nullable=False),
        sa.Column("restored_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("way in ('revoked', 'replaced')", name="way_known"),
        sa.ForeignKeyConstraint(["left_run"], ["run.run_id"]),
        sa.PrimaryKeyConstraint("delivery_id"),
    )
    op.create_index("former_delivery_fingerprint", "former_delivery", ["fingerprint"])
    op.create_table(
        "former_record",
        sa.Column("record_id", WHOLE, autoincrement=False, nullable=False),
        sa.Column("delivery_id", WHOLE, nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("row", WHOLE, nullable=False),
        sa.Column("record_key", sa.LargeBinary(), nullable=False),
        sa.Column("row_key", sa.LargeBinary()),
        sa.Column("event_key", sa.LargeBinary(), nullable=False),
        sa.Column("entry", sa.Text()),
        sa.Column("refers", sa.LargeBinary()),
        sa.Column("person_key", sa.LargeBinary()),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("id_type", sa.Text(), nullable=False),
        sa.Column("sex", sa.SmallInteger()),
        sa.Column("employer_name", sa.Text()),
        sa.Column("employer_code", sa.Text()),
        sa.Column("employer_division", sa.Text()),
        sa.Column("stage", sa.Text()),
        sa.Column("subject", sa.Text()),
        sa.Column("title", sa.Text()),
        sa.Column("project_code", sa.Text()),
        sa.Column("project_name", sa.Text(), nullable=False),
        sa.Column("class_name", sa.Text()),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("mode", sa.SmallInteger(), nullable=False),
        sa.Column("mode_detail", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("provider_name", sa.Text()),
        sa.Column("start_date", sa.Date()),
        sa.Column("end_date", sa.Date()),
        sa.Column("date_precision", sa.Text(), nullable=False),
        sa.Column("training_year", sa.SmallInteger(), nullable=False),
        sa.Column("hours_x100", sa.Integer()),
        sa.Column("hours_basis", sa.Text(), nullable=False),
        sa.Column("credits_x100", sa.Integer()),
        sa.Column("net_x100", sa.Integer()),
        sa.Column("credits_basis", sa.Text(), nullable=False),
        sa.Column("credit_kind", sa.Text()),
        sa.Column("score_x100", sa.Integer()),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("certificate_no", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("agency_record_id", sa.Text()),
        sa.Column("own_side", sa.Boolean(), nullable=False),
        sa.Column("reporter", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("record_id"),
    )
    op.create_index("former_record_delivery", "former_record", ["delivery_id"])
    op.create_index("former_record_versions", "former_record", ["record_key", "delivery_id"])
    op.create_table(
        "former_refused",
        sa.Column("delivery_id", WHOLE, nullable=False),
        sa.Column("row_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", "row_key"),
    )
    postgres = op.get_bind().dialect.name == "postgresql"
    always = "date '0001-01-01'" if postgres else "'0001-01-01'"  # SQLite keeps dates as text
    fields = ", ".join(f"r.{name}" for name in FIELDS)
    lines = "union all".join(
        LINES.format(fields=fields, always=always, table=table) for table in ("record", "former_record")
    )
    op.execute(VIEW.format(always=always, version=VERSION, lines=lines))
