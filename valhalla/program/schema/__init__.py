"""The tables of the application's database: which are evidence, which can be made again, and their migrations.

A new table is declared here in the commit that makes it; a test says so when it is not.
"""

from __future__ import annotations

from pathlib import Path

from db.evidence import evidence
from db.schema import Migrations, Redaction, Schema, Words
from jobs import SCHEMA as JOBS
from valhalla.program.executable import HASH_ROWS, helper

APPLICATION_ID = 0x56414C48
"""``VALH``."""

EVIDENCE = (
    evidence("setting", "updated_at updated_by", personal="value", key="key"),
    evidence("policy", "body created_at created_by reason", key="version"),
    evidence("model_snapshot", "digest body created_at"),
    evidence("knowledge", "body at", key="name"),
    evidence("source", "name pattern profile created_at"),
    evidence("header", "digest names"),
    evidence("mapping", "source_id header fields origin created_at"),
    evidence(
        "import",
        "file_id source_id state kind start position digest encoding delimiter header_id fields profile rows new"
        " updated unchanged duplicate rejected blank error_code started_at finished_at names",
        personal="path warnings error_message",
    ),
    evidence("import_undo", "at actor reversed kept failed", personal="items", key="import_id"),
    evidence(
        "reject",
        "import_id file_id line column code state created_at closed_by",
        personal="message value raw",
    ),
    evidence(
        "lead",
        "value source market state list_date arv repairs sqft condition beds distress warnings header_id file_id"
        " import_id line last_import_id lists created_at updated_at status contacts last_contact hold_until suppressed"
        " variant_id bucket script_id packet mao spread p_close expected_value clone score_base score policy_version"
        " snapshot_id decided_at standing",
        personal="identity fingerprint name email phone location address phone_key extras details person corrected",
    ),
    evidence("lead_history", "lead_id at actor cause import_id", personal="before"),
    evidence(
        "sighting",
        "source_id import_id line first_seen last_seen",
        personal="fingerprint",
        key="lead_id file_id",
    ),
    evidence(
        "suppression",
        "kind digest origin created_at created_by removed_at removed_by",
        personal="value reason",
    ),
    evidence("suppression_state", "version", personal="salt"),
    evidence("duplicate", "lead_id other_id state found_at decided_at decided_by why", personal="phone_key"),
    evidence("lead_merge", "kept_id merged_id at actor undone_at undone_by", personal="body"),
    evidence("unfolding", "state lead_id leads houses kept at by ended_at undone_at undone_by"),
    evidence("unfolded", "unfolding_id lead_id unsure at decided_at decided_by undone_at", personal="body"),
    evidence(
        "lead_change",
        "lead_id import_id line fingerprint state at decided_at decided_by",
        personal="body",
    ),
    evidence("experiment", "name version kind state metric created_at started_at stopped_at"),
    evidence("script", "name version channel market state body created_at pinned_at"),
    evidence("script_move", "script_id before after at moved_by why evidence"),
    evidence("experiment_epoch", "weights started_at", key="experiment_id version"),
    evidence(
        "buyer",
        "markets max_price min_beds max_repairs max_share removed_at created_at updated_at",
        personal="name email phone",
    ),
    evidence("variant", "experiment_id name weight script_id"),
    evidence(
        "outcome",
        "lead_id event at amount channel until recorded_at recorded_by undone_at undone_by variant_id script_id p_close"
        " predicted_at origin",
        personal="reason number note",
    ),
    evidence("scrub", "kind numbers matched at by", personal="path"),
    evidence(
        "promise",
        "lead_id outcome_id kind at state made_at made_by confirmed_at ended_at ended_by",
        personal="place note",
    ),
    evidence("note", "lead_id at by removed_at removed_by", personal="text"),
    evidence("tag", "lead_id at by removed_at removed_by", personal="tag"),
    evidence("consent", "lead_id channel at recorded_at by withdrawn_at withdrawn_by", personal="words"),
    evidence("saved_filter", "created_at created_by removed_at removed_by", personal="name body"),
    evidence(
        "deal",
        "lead_id state offers offer price buyer_price fee earnest assignable inspection_until closing_at buyer_id"
        " buyer_deposit won_as opened_at stage_since ended_at updated_at updated_by",
        personal="note",
    ),
    evidence("source_pause", "source kind until at by ended_at ended_by", personal="reason"),
    evidence("member", "name role added_at added_by removed_at removed_by"),
    evidence("sign_in", "member_id at result"),
    evidence("list_cost", "source import_id amount at by removed_at removed_by"),
    evidence("packet", "lead_id status policy_version created_at", personal="body"),
    evidence("run", "pid version settings started_at stopped_at stop"),
    evidence(
        "effect",
        "kind state lead_id key reason tries sending owner correlation_id drafted_at drafted_by approved_at approved_by"
        " finished_at",
        personal="target payload response",
    ),
    evidence("standing_approval", "kind per_day created_at created_by ended_at ended_by address"),
    evidence("live_session", "run_id opened_at opened_by until closed_at closed_by"),
    evidence("token", "name digest scope created_at created_by revoked_at revoked_by"),
    evidence("alert", "task severity correlation_id state seen at last_at", personal="reason context"),
)

WORKING = frozenset(
    [
        "file",
        "board_history",
        "lead_hold",
        "credential",
        "member_session",
        "import_seen",
        "lead_key",
        "quality",
        "lead_generation",
        "overtaken",
        "cycle",
        "lead_index_state",
        "lead_phone",
        "lead_place",
        "lead_search",
        "lead_search_config",
        "lead_search_content",
        "lead_search_data",
        "lead_search_idx",
        "governor_limit",
        "governor_slot",
        "governor_violation",
        "idempotency_key",
        "dry_run_log",
        "retry_log",
        "heartbeat",
    ]
)
"""Tables of the application that can be emptied or made again without a loss of evidence."""

PERSONAL = {
    "file": "path error",
    "task": "payload unique_key tags progress lost_progress result error",
    "job_event": "reason detail",
    "kv": "key value",
    "queue_state": "reason",
    "dry_run_log": "error",
    "retry_log": "result error",
    "idempotency_key": "key result",
    "lead_phone": "phone_key",
    "lead_place": "near_key",
    "lead_search": "text",
    "lead_search_config": "k v",
    "lead_search_content": "c0",
    "lead_search_data": "block",
    "lead_search_idx": "segid term pgno",
}
"""Columns of working tables, the queue's too, in which words about a person, or their number, may stand. Of evidence each table
says so itself."""

PLAIN = {
    "board_history": "board body",
    "counter": "queue key",
    "credential": "password invitation",
    "cycle_slot": "queue name spec",
    "dry_run_log": "action status correlation_id",
    "file": "digest profile error_code",
    "governor_limit": "resource",
    "governor_slot": "resource",
    "governor_violation": "resource",
    "heartbeat": "name",
    "idempotency_key": "state",
    "job_event": "event",
    "job_seal": "digest",
    "kv": "queue",
    "lead_hold": "who",
    "member_session": "digest",
    "queue_state": "queue actor",
    "retry_log": "task status correlation_id",
    "schema_version": "component",
    "task": "queue lane name state unique_scope correlation_id",
    "worker": "token queue host",
}
"""Those that the program itself fills, with names and numbers of its own."""

RELEASES = (
    {"db": 1, "valhalla": 1},
    {"db": 1, "jobs": 1, "valhalla": 1},
    {"db": 1, "jobs": 1, "valhalla": 2},
    {"db": 1, "jobs": 1, "valhalla": 3},
    {"db": 1, "jobs": 1, "valhalla": 4},
    {"db": 1, "jobs": 1, "valhalla": 5},
    {"db": 1, "jobs": 1, "valhalla": 6},
    {"db": 2, "jobs": 1, "valhalla": 6},
    {"db": 2, "jobs": 1, "valhalla": 7},
    {"db": 2, "jobs": 1, "valhalla": 8},
    {"db": 2, "jobs": 1, "valhalla": 9},
    {"db": 2, "jobs": 1, "valhalla": 10},
    {"db": 2, "jobs": 1, "valhalla": 11},
    {"db": 2, "jobs": 1, "valhalla": 12},
    {"db": 2, "jobs": 1, "valhalla": 13},
    {"db": 3, "jobs": 1, "valhalla": 13},
    {"db": 3, "jobs": 1, "valhalla": 14},
    {"db": 3, "jobs": 1, "valhalla": 15},
    {"db": 3, "jobs": 1, "valhalla": 16},
    {"db": 3, "jobs": 2, "valhalla": 16},
    {"db": 3, "jobs": 2, "valhalla": 17},
    {"db": 3, "jobs": 2, "valhalla": 18},
    {"db": 3, "jobs": 2, "valhalla": 19},
    {"db": 3, "jobs": 2, "valhalla": 20},
    {"db": 3, "jobs": 2, "valhalla": 21},
    {"db": 3, "jobs": 2, "valhalla": 22},
    {"db": 3, "jobs": 2, "valhalla": 23},
    {"db": 3, "jobs": 3, "valhalla": 23},
)
"""What each ``user_version`` consists of, from 1 on. A new migration of any of the three adds a line."""

FINGERPRINT = "7b0885e7a9612a869fa2ccd79b58e1fde09cfa50cdc96f52cd1340e1268b96d0"
"""Of the parts of the newest release. Written by ``python3 scripts/pin_schema.py``, as is the table in ``verify_audit.py``."""

SCHEMA = Schema(
    application_id=APPLICATION_ID,
    migrations=(
        *JOBS.migrations,
        Migrations("valhalla", Path(__file__).with_name("migrations")),
    ),
    evidence=EVIDENCE,
    filled=frozenset({"suppression_state"}),
    working=WORKING | JOBS.working,
    releases=RELEASES,
    moving=frozenset({"index lead_by_score"}),
    fingerprint=FINGERPRINT,
    newest=Path(__file__).with_name("newest.sql"),
    ranges=JOBS.ranges,
    redaction=Redaction(
        # Imports refer to the first. A search index keeps the shadow tables that SQLite empties itself.
        kept=frozenset({"file", "cycle", "lead_generation", "lead_index_state"})
        | {f"lead_search_{part}" for part in ("config", "content", "data", "idx")},
        statements=("UPDATE file SET error = NULL, path = '(left out ' || id || ')'",),
    ),
    earlier_values={
        "lead": "SELECT 'lead_history ' || id, before FROM lead_history WHERE lead_id = ? ORDER BY id"
    },
    actor="valhalla",
    words=Words(
        program="Valhalla",
        a_database="a Valhalla database",
        elsewhere="another --home",
        local="a --home on a local disk",
        create="start with: valhalla ingest FILE",
        update="open the copy once with --home",
        repair="valhalla doctor --repair",
        verify="valhalla audit verify",
    ),
    helper=helper(HASH_ROWS),
)
