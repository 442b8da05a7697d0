"""The ledger's statements. Each is one round trip, whatever the size of the batch."""

# Lots first, in key order, so that concurrent batches wait instead of deadlocking; then the
# entries, numbered within each lot by the version that the lot moved to. What is in the ledger
# already moves nothing, and one that differs from it lets nothing of the batch move; an id that
# another transaction posts at this very moment violates the key, and the batch is tried again.
POST = """
WITH incoming AS MATERIALIZED (
    SELECT * FROM unnest(
        CAST(:customers AS bigint[]), CAST(:ids AS uuid[]), CAST(:programmes AS text[]),
        CAST(:programme_versions AS int[]), CAST(:cohorts AS int[]), CAST(:kinds AS text[]),
        CAST(:amounts AS bigint[]), CAST(:debits AS text[]), CAST(:credits AS text[]),
        CAST(:dates AS date[]), CAST(:clearings AS date[]), CAST(:reminders AS date[]),
        CAST(:hashes AS bytea[]),
        CAST(:references AS text[]), CAST(:granted AS bigint[]), CAST(:spent AS bigint[])
    ) WITH ORDINALITY AS i (customer_id, entry_id, programme, programme_version, cohort, kind,
                            amount, debit, credit, business_date, clears_on, reminds_on,
                            payload_hash, reference, granted, spent, n)
), judged AS MATERIALIZED (
    SELECT i.*, e.payload_hash AS posted_hash
    FROM incoming i LEFT JOIN entry e ON e.customer_id = i.customer_id AND e.entry_id = i.entry_id
), fresh AS (
    SELECT * FROM judged WHERE posted_hash IS NULL
        AND NOT EXISTS (SELECT FROM judged WHERE posted_hash <> payload_hash)
), lots AS (
    INSERT INTO lot AS l
        (customer_id, programme, cohort, clears_on, reminds_on, granted, spent, version)
    SELECT customer_id, programme, cohort, min(clears_on), min(reminds_on), sum(granted),
        sum(spent), count(*)
    FROM fresh GROUP BY customer_id, programme, cohort ORDER BY customer_id, cohort, programme
    ON CONFLICT (customer_id, programme, cohort) DO UPDATE
    SET granted = l.granted + excluded.granted, spent = l.spent + excluded.spent,
        version = l.version + excluded.version
    RETURNING customer_id, programme, cohort, version, granted - spent - expired - held AS available
), numbered AS (
    SELECT f.*,
        (lots.version - count(*) OVER lot + row_number() OVER in_order)::bigint AS lot_version,
        (lots.available - coalesce(sum(f.granted - f.spent) OVER later, 0))::bigint AS available
    FROM fresh f JOIN lots USING (customer_id, programme, cohort)
    WINDOW lot AS (PARTITION BY f.customer_id, f.programme, f.cohort),
           in_order AS (lot ORDER BY f.n),
           later AS (lot ORDER BY f.n ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
), written AS (
    INSERT INTO entry (customer_id, entry_id, programme, programme_version, cohort, kind, amount,
                       debit, credit, business_date, payload_hash, reference, lot_version)
    SELECT customer_id, entry_id, programme, programme_version, cohort, kind, amount,
           debit, credit, business_date, payload_hash, reference, lot_version
    FROM numbered ORDER BY n
)
SELECT lot_version, available, judged.posted_hash <> judged.payload_hash AS conflicting
FROM judged LEFT JOIN numbered USING (n) ORDER BY n
"""

# Spending locks first and decides in Python, then writes with MOVE: an upsert would show the CHECK
# the proposed row before the existing one, and fail.
LOCK_LOTS = """
SELECT cohort, clears_on, granted - spent - expired - held AS available
FROM lot WHERE customer_id = :customer AND programme = :programme
ORDER BY cohort FOR UPDATE
"""

# One entry on each of some locked lots of one customer; `spent` is negative when points come back.
MOVE = """
WITH moving AS MATERIALIZED (
    SELECT * FROM unnest(
        CAST(:ids AS uuid[]), CAST(:cohorts AS int[]), CAST(:amounts AS bigint[]),
        CAST(:spent AS bigint[]), CAST(:hashes AS bytea[])
    ) WITH ORDINALITY AS m (entry_id, cohort, amount, spent, payload_hash, n)
), moved AS (
    UPDATE lot SET spent = lot.spent + m.spent, version = version + 1
    FROM moving m
    WHERE lot.customer_id = :customer AND lot.programme = :programme AND lot.cohort = m.cohort
    RETURNING m.n, lot.version AS lot_version,
              lot.granted - lot.spent - lot.expired - lot.held AS available
), written AS (
    INSERT INTO entry (customer_id, entry_id, programme, programme_version, cohort, kind, amount,
                       debit, credit, business_date, payload_hash, reference, lot_version)
    SELECT CAST(:customer AS bigint), entry_id, CAST(:programme AS text),
           CAST(:programme_version AS int), cohort, CAST(:kind AS text), amount,
           CAST(:debit AS text), CAST(:credit AS text), CAST(:date AS date), payload_hash,
           CAST(:reference AS text), lot_version
    FROM moving JOIN moved USING (n)
)
SELECT lot_version, available FROM moved ORDER BY n
"""

# Every counter of every lot against the replay of its entries; versions must be 1..n.
AUDIT = """
WITH replay AS (
    SELECT customer_id, programme, cohort, count(*) AS entries, max(lot_version) AS last_version,
        count(DISTINCT lot_version) AS versions,
        sum(amount) FILTER (WHERE kind IN ('earn', 'open_granted')) AS granted,
        coalesce(sum(amount) FILTER (WHERE kind IN ('spend', 'open_spent')), 0)
            - coalesce(sum(amount) FILTER (WHERE kind = 'reverse'), 0) AS spent,
        sum(amount) FILTER (WHERE kind = 'expire') AS expired
    FROM entry GROUP BY 1, 2, 3
), held AS (
    SELECT customer_id, programme, cohort, sum(l.amount - l.captured - l.released) AS held
    FROM hold_lot l JOIN hold h USING (customer_id, hold_id)
    WHERE h.state = 'open' GROUP BY 1, 2, 3
)
SELECT customer_id, programme, cohort,
    l.granted AS lot_granted, coalesce(r.granted, 0) AS granted,
    l.spent AS lot_spent, coalesce(r.spent, 0) AS spent,
    l.expired AS lot_expired, coalesce(r.expired, 0) AS expired,
    l.held AS lot_held, coalesce(h.held, 0) AS held,
    l.version AS lot_version, coalesce(r.last_version, 0) AS version,
    coalesce(r.entries, 0) AS entries, coalesce(r.versions, 0) AS versions
FROM lot l FULL JOIN replay r USING (customer_id, programme, cohort)
    FULL JOIN held h USING (customer_id, programme, cohort)
WHERE (l.granted, l.spent, l.expired, l.held, l.version, l.version, l.version) IS DISTINCT FROM
    (coalesce(r.granted, 0), coalesce(r.spent, 0), coalesce(r.expired, 0), coalesce(h.held, 0),
     coalesce(r.last_version, 0), coalesce(r.entries, 0), coalesce(r.versions, 0))
ORDER BY 1, 2, 3 LIMIT :limit
"""

# Entries whose content is not what was posted: the hash was made in Python when they came.
AUDIT_ENTRIES = """
SELECT customer_id, entry_id, kind, amount, reference FROM entry
WHERE payload_hash <> substr(sha256(convert_to(concat_ws('|', programme, cohort, kind, amount,
                                                        debit, credit, reference), 'UTF8')), 1, 16)
ORDER BY 1, 2 LIMIT :limit
"""

# A redemption against the entries that name it; a reversal's reference goes on from its own.
AUDIT_REDEMPTIONS = """
WITH told AS (
    SELECT customer_id, split_part(reference, '/', 2) AS redemption_id,
        coalesce(sum(amount) FILTER (WHERE kind = 'spend'), 0) AS points,
        coalesce(sum(amount) FILTER (WHERE kind = 'reverse'), 0) AS reversed
    FROM entry WHERE kind IN ('spend', 'reverse') GROUP BY 1, 2
)
SELECT coalesce(r.customer_id, t.customer_id) AS customer_id,
    coalesce(r.redemption_id::text, t.redemption_id) AS redemption_id,
    r.points AS redemption_points, t.points, r.reversed AS redemption_reversed, t.reversed
FROM redemption r FULL JOIN told t
    ON t.customer_id = r.customer_id AND t.redemption_id = r.redemption_id::text
WHERE (r.points, r.reversed) IS DISTINCT FROM (t.points, t.reversed)
ORDER BY 1, 2 LIMIT :limit
"""

TOTALS = """
SELECT (SELECT count(*) FROM entry) AS entries, (SELECT count(*) FROM lot) AS lots,
    (SELECT count(*) FROM redemption) AS redemptions,
    coalesce((SELECT sum(amount) FROM entry WHERE credit = 'customer'), 0)::bigint AS credited,
    coalesce((SELECT sum(amount) FROM entry WHERE debit = 'customer'), 0)::bigint AS debited,
    coalesce((SELECT sum(granted - spent - expired) FROM lot), 0)::bigint AS lot_balance
"""

# Independent of the order of posting, so that two runs over one log can be compared: an entry's
# version is left out, its content is not. By buckets, as one text of all rows would outgrow 1 GB.
HASH = """
WITH lines AS (
    SELECT customer_id & 4095 AS bucket,
        concat_ws('|', 'entry', customer_id, entry_id, programme, cohort, kind, amount,
                  debit, credit, business_date) AS line
    FROM entry
    UNION ALL
    SELECT customer_id & 4095,
        concat_ws('|', 'lot', customer_id, programme, cohort, clears_on, granted, spent,
                  expired, held, version)
    FROM lot
), buckets AS (
    SELECT bucket, sha256(convert_to(string_agg(line, E'\\n' ORDER BY line), 'UTF8')) AS hash
    FROM lines GROUP BY bucket
)
SELECT encode(sha256(coalesce(string_agg(hash, ''::bytea ORDER BY bucket), '')), 'hex')
    AS ledger_hash
FROM buckets
"""
