"""peewee models of the tables that are queried as models.

The migrations make the tables; these classes only describe them (a test compares the two). They belong to no database:
a query is run on the one at hand, ``Lead.select().where(...).execute(database)``.
"""

from __future__ import annotations

from db.orm import AutoField, BigIntegerField, CompositeKey, Model, TextField


class Base(Model):
    """What all models have in common."""


class Setting(Base):
    key = TextField(primary_key=True)
    value = TextField()
    updated_at = BigIntegerField()
    updated_by = TextField()

    class Meta:
        table_name = "setting"


class Policy(Base):
    version = AutoField()
    body = TextField()
    created_at = BigIntegerField()
    created_by = TextField()
    reason = TextField()

    class Meta:
        table_name = "policy"


class ModelSnapshot(Base):
    id = AutoField()
    digest = TextField()
    body = TextField()
    created_at = BigIntegerField()

    class Meta:
        table_name = "model_snapshot"


class Knowledge(Base):
    name = TextField(primary_key=True)
    body = TextField()
    at = BigIntegerField()

    class Meta:
        table_name = "knowledge"


class Source(Base):
    id = AutoField()
    name = TextField()
    pattern = TextField(null=True)
    profile = TextField()
    created_at = BigIntegerField()

    class Meta:
        table_name = "source"


class Header(Base):
    id = AutoField()
    digest = TextField()
    names = TextField()

    class Meta:
        table_name = "header"


class Mapping(Base):
    id = AutoField()
    source_id = BigIntegerField()
    header = TextField()
    fields = TextField()
    origin = TextField()
    created_at = BigIntegerField()

    class Meta:
        table_name = "mapping"


class File(Base):
    id = AutoField()
    path = TextField()
    source_id = BigIntegerField()
    size = BigIntegerField()
    modified_ns = BigIntegerField()
    inode = BigIntegerField()
    offset = BigIntegerField()
    digest = TextField()
    rows = BigIntegerField()
    rejected = BigIntegerField()
    profile = TextField()
    import_id = BigIntegerField(null=True)
    error_code = TextField(null=True)
    error = TextField(null=True)
    looked_at = BigIntegerField()
    adopted = BigIntegerField()

    class Meta:
        table_name = "file"


class Import(Base):
    id = AutoField()
    file_id = BigIntegerField()
    source_id = BigIntegerField()
    path = TextField()
    state = TextField()
    kind = TextField()
    start = TextField()
    position = TextField()
    digest = TextField()
    encoding = TextField(null=True)
    delimiter = TextField(null=True)
    header_id = BigIntegerField(null=True)
    fields = TextField()
    profile = TextField()
    warnings = TextField()
    rows = BigIntegerField()
    new = BigIntegerField()
    updated = BigIntegerField()
    unchanged = BigIntegerField()
    duplicate = BigIntegerField()
    rejected = BigIntegerField()
    blank = BigIntegerField()
    error_code = TextField(null=True)
    error_message = TextField(null=True)
    started_at = BigIntegerField()
    finished_at = BigIntegerField(null=True)
    names = TextField(null=True)

    class Meta:
        table_name = "import"


class Reject(Base):
    id = AutoField()
    import_id = BigIntegerField()
    file_id = BigIntegerField()
    line = BigIntegerField()
    column = TextField(null=True)
    code = TextField()
    message = TextField()
    value = TextField(null=True)
    raw = TextField(null=True)  # type: ignore[assignment]  # Model.raw is not used
    state = TextField()
    created_at = BigIntegerField()
    closed_by = BigIntegerField(null=True)

    class Meta:
        table_name = "reject"


class Lead(Base):
    id = AutoField()
    identity = BigIntegerField()
    fingerprint = BigIntegerField()
    name = TextField()
    email = TextField(null=True)
    phone = TextField(null=True)
    value = BigIntegerField(null=True)
    location = TextField(null=True)
    source = TextField()
    market = TextField(null=True)
    state = TextField(null=True)
    list_date = BigIntegerField(null=True)
    address = TextField(null=True)
    arv = BigIntegerField(null=True)
    repairs = BigIntegerField(null=True)
    sqft = BigIntegerField(null=True)
    condition = TextField(null=True)
    beds = BigIntegerField(null=True)
    distress = TextField(null=True)
    phone_key = BigIntegerField(null=True)
    warnings = TextField(null=True)
    extras = TextField(null=True)
    header_id = BigIntegerField(null=True)
    file_id = BigIntegerField(null=True)
    import_id = BigIntegerField(null=True)
    line = BigIntegerField(null=True)
    last_import_id = BigIntegerField(null=True)
    lists = BigIntegerField()
    created_at = BigIntegerField()
    updated_at = BigIntegerField()
    status = TextField()
    contacts = BigIntegerField()
    last_contact = BigIntegerField(null=True)
    hold_until = BigIntegerField(null=True)
    suppressed = TextField(null=True)
    variant_id = BigIntegerField(null=True)
    bucket = BigIntegerField(null=True)
    script_id = BigIntegerField(null=True)
    packet = TextField()
    mao = BigIntegerField(null=True)
    spread = BigIntegerField(null=True)
    p_close = BigIntegerField(null=True)
    expected_value = BigIntegerField(null=True)
    clone = TextField()
    score_base = BigIntegerField()
    score = BigIntegerField()
    policy_version = BigIntegerField()
    snapshot_id = BigIntegerField()
    decided_at = BigIntegerField()
    details = TextField(null=True)
    person = BigIntegerField(null=True)
    corrected = TextField(null=True)
    standing = TextField(null=True)

    class Meta:
        table_name = "lead"


class LeadHistory(Base):
    id = AutoField()
    lead_id = BigIntegerField()
    at = BigIntegerField()
    actor = TextField()
    cause = TextField()
    import_id = BigIntegerField(null=True)
    before = TextField()

    class Meta:
        table_name = "lead_history"


class Sighting(Base):
    lead_id = BigIntegerField()
    file_id = BigIntegerField()
    source_id = BigIntegerField()
    import_id = BigIntegerField()
    line = BigIntegerField()
    fingerprint = BigIntegerField()
    first_seen = BigIntegerField()
    last_seen = BigIntegerField()

    class Meta:
        table_name = "sighting"
        primary_key = CompositeKey("lead_id", "file_id")


class Experiment(Base):
    id = AutoField()
    name = TextField()
    version = BigIntegerField()
    kind = TextField()
    state = TextField()
    metric = TextField()
    created_at = BigIntegerField()
    started_at = BigIntegerField(null=True)
    stopped_at = BigIntegerField(null=True)

    class Meta:
        table_name = "experiment"


class Script(Base):
    id = AutoField()
    name = TextField()
    version = BigIntegerField()
    channel = TextField()
    market = TextField(null=True)
    state = TextField()
    body = TextField()
    created_at = BigIntegerField()
    pinned_at = BigIntegerField(null=True)

    class Meta:
        table_name = "script"


class ScriptMove(Base):
    id = AutoField()
    script_id = BigIntegerField()
    before = TextField(null=True)
    after = TextField()
    at = BigIntegerField()
    moved_by = TextField()
    why = TextField()
    evidence = TextField()

    class Meta:
        table_name = "script_move"


class ExperimentEpoch(Base):
    experiment_id = BigIntegerField()
    version = BigIntegerField()
    weights = TextField()
    started_at = BigIntegerField()

    class Meta:
        table_name = "experiment_epoch"
        primary_key = CompositeKey("experiment_id", "version")


class Buyer(Base):
    id = AutoField()
    name = TextField()
    markets = TextField()
    max_price = BigIntegerField(null=True)
    min_beds = BigIntegerField(null=True)
    max_repairs = BigIntegerField(null=True)
    max_share = BigIntegerField(null=True)
    email = TextField(null=True)
    phone = TextField(null=True)
    removed_at = BigIntegerField(null=True)
    created_at = BigIntegerField()
    updated_at = BigIntegerField()

    class Meta:
        table_name = "buyer"


class Variant(Base):
    id = AutoField()
    experiment_id = BigIntegerField()
    name = TextField()
    weight = BigIntegerField()
    script_id = BigIntegerField(null=True)

    class Meta:
        table_name = "variant"


class Outcome(Base):
    id = AutoField()
    lead_id = BigIntegerField()
    event = TextField()
    at = BigIntegerField()
    amount = BigIntegerField(null=True)
    channel = TextField(null=True)
    reason = TextField(null=True)
    until = BigIntegerField(null=True)
    recorded_at = BigIntegerField()
    recorded_by = TextField()
    undone_at = BigIntegerField(null=True)
    undone_by = TextField(null=True)
    variant_id = BigIntegerField(null=True)
    script_id = BigIntegerField(null=True)
    p_close = BigIntegerField(null=True)
    predicted_at = BigIntegerField(null=True)
    number = TextField(null=True)
    note = TextField(null=True)
    origin = TextField(null=True)

    class Meta:
        table_name = "outcome"


class Packet(Base):
    id = AutoField()
    lead_id = BigIntegerField()
    status = TextField()
    body = TextField()
    policy_version = BigIntegerField()
    created_at = BigIntegerField()

    class Meta:
        table_name = "packet"


class Run(Base):
    id = AutoField()
    pid = BigIntegerField()
    version = TextField()
    settings = TextField()
    started_at = BigIntegerField()
    stopped_at = BigIntegerField(null=True)
    stop = TextField(null=True)

    class Meta:
        table_name = "run"


class Cycle(Base):
    id = AutoField()
    run_id = BigIntegerField()
    number = BigIntegerField()
    started_at = BigIntegerField()
    finished_at = BigIntegerField(null=True)
    ok = BigIntegerField(null=True)
    files = BigIntegerField()
    rows = BigIntegerField()
    new = BigIntegerField()
    updated = BigIntegerField()
    unchanged = BigIntegerField()
    duplicate = BigIntegerField()
    rejected = BigIntegerField()

    class Meta:
        table_name = "cycle"


class Alert(Base):
    id = AutoField()
    task = TextField()
    severity = TextField()
    reason = TextField()
    context = TextField()
    correlation_id = TextField(null=True)
    state = TextField()
    seen = BigIntegerField()
    at = BigIntegerField()
    last_at = BigIntegerField()

    class Meta:
        table_name = "alert"


class Audit(Base):
    seq = AutoField()
    at = BigIntegerField()
    actor = TextField()
    correlation_id = TextField(null=True)
    action = TextField()
    subject = TextField()
    body = TextField()
    previous = TextField()
    hash = TextField()

    class Meta:
        table_name = "audit"
