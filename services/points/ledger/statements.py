"""The ledger's statements. Each is one round trip, whatever the size of the batch."""

# What is in the ledger already, with its content's hash. `unnest` joined, never two `= ANY`.
KNOWN = """
SELECT e.customer_id, e.entry_id, e.payload_hash
FROM unnest(CAST(:customers AS bigint[]), CAST(:ids AS uuid[])) AS asked (c, id)
JOIN entry e ON e.customer_id = asked.c AND e.entry_id = asked.id
"""

# Lots first, in key order, so that concurrent batches wait instead of deadlocking; then the
# entries, numbered within each lot by the version that the lot moved to. An entry id that another
# transaction posted meanwhile violates the key and the whole batch is tried again.
POST = """
WITH incoming AS MATERIALIZED (
    SELECT *, number::int AS n FROM unnest(
        CAST(:customers AS bigint[]), CAST(:ids AS uuid[]), CAST(:programmes AS text[]),
        CAST(:cohorts AS int[]), CAST(:kinds AS text[]), CAST(:amounts AS bigint[]),
        CAST(:debits AS text[]), CAST(:credits AS text[]), CAST(:dates AS date[]),
        CAST(:clearings AS date[]), CAST(:hashes AS bytea[]), CAST(:references AS text[]),
        CAST(:granted AS bigint[]), CAST(:spent AS bigint[]), CAST(:expired AS bigint[])
    ) WITH ORDINALITY AS i (customer_id, entry_id, programme, cohort, kind, amount, debit, credit,
                            business_date, clears_on, payload_hash, reference, granted, spent,
                            expired, number)
), moved AS (
    SELECT programme, customer_id, cohort, min(clears_on) AS clears_on, count(*) AS entries,
           sum(granted) AS granted, sum(spent) AS spent, sum(expired) AS expired
    FROM incoming GROUP BY 1, 2, 3 ORDER BY 2, 3, 1
), lots AS (
    INSERT INTO lot AS l (programme, customer_id, cohort, clears_on, granted, spent, expired,
                          version)
    SELECT programme, customer_id, cohort, clears_on, granted, spent, expired, entries
    FROM moved ORDER BY customer_id, cohort, programme
    ON CONFLICT (customer_id, programme, cohort) DO UPDATE
    SET granted = l.granted + excluded.granted, spent = l.spent + excluded.spent,
        expired = l.expired + excluded.expired, version = l.version + excluded.version
    RETURNING customer_id, programme, cohort, version, granted - spent - expired - held AS available
), numbered AS (
    SELECT i.*,
        (lots.version - count(*) OVER lot + row_number() OVER in_order)::bigint AS lot_version,
        (lots.available - coalesce(sum(i.granted - i.spent - i.expired) OVER later, 0))::bigint
            AS available
    FROM incoming i JOIN lots USING (customer_id, programme, cohort)
    WINDOW lot AS (PARTITION BY i.customer_id, i.programme, i.cohort),
           in_order AS (lot ORDER BY i.n),
           later AS (lot ORDER BY i.n ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
), written AS (
    INSERT INTO entry (customer_id, entry_id, programme, cohort, kind, amount, debit, credit,
                       business_date, payload_hash, reference, lot_version)
    SELECT customer_id, entry_id, programme, cohort, kind, amount, debit, credit,
           business_date, payload_hash, reference, lot_version
    FROM numbered ORDER BY customer_id, entry_id
    RETURNING entry_id
)
SELECT lot_version, available FROM numbered ORDER BY n
"""

# Spending locks first and decides in Python, then writes with `POST`'s twin below: an upsert would
# show the CHECK the proposed row before the existing one, and fail.
LOCK_LOTS = """
SELECT cohort, clears_on, granted - spent - expired - held AS available
FROM lot WHERE customer_id = :customer AND programme = :programme
ORDER BY cohort FOR UPDATE
"""

MOVE_LOT = """
UPDATE lot SET spent = spent + :spent, version = version + 1
WHERE customer_id = :customer AND programme = :programme AND cohort = :cohort
RETURNING version, granted - spent - expired - held AS available
"""

WRITE_ENTRY = """
INSERT INTO entry (customer_id, entry_id, programme, cohort, kind, amount, debit, credit,
                   business_date, payload_hash, reference, lot_version)
VALUES (:customer, :entry_id, :programme, :cohort, :kind, :amount, :debit, :credit, :date,
        :hash, :reference, :version)
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
)
SELECT customer_id, programme, cohort,
    l.granted AS lot_granted, coalesce(r.granted, 0) AS granted,
    l.spent AS lot_spent, coalesce(r.spent, 0) AS spent,
    l.expired AS lot_expired, coalesce(r.expired, 0) AS expired,
    l.version AS lot_version, coalesce(r.last_version, 0) AS version,
    coalesce(r.entries, 0) AS entries, coalesce(r.versions, 0) AS versions
FROM lot l FULL JOIN replay r USING (customer_id, programme, cohort)
WHERE (l.granted, l.spent, l.expired, l.version, l.version, l.version) IS DISTINCT FROM
    (coalesce(r.granted, 0), coalesce(r.spent, 0), coalesce(r.expired, 0),
     coalesce(r.last_version, 0), coalesce(r.entries, 0), coalesce(r.versions, 0))
ORDER BY 1, 2, 3 LIMIT :limit
"""

TOTALS = """
SELECT (SELECT count(*) FROM entry) AS entries, (SELECT count(*) FROM lot) AS lots,
    coalesce((SELECT sum(amount) FROM entry WHERE credit = 'customer'), 0)
        - coalesce((SELECT sum(amount) FROM entry WHERE debit = 'customer'), 0) AS customer_balance,
    coalesce((SELECT sum(granted - spent - expired) FROM lot), 0) AS lot_balance
"""

# Independent of the order of posting, so that two runs over one log can be compared: versions are
# left out, contents are not.
HASH = """
SELECT encode(sha256(convert_to(
    coalesce((SELECT string_agg(line, E'\\n' ORDER BY line) FROM (
        SELECT concat_ws('|', 'entry', customer_id, entry_id, programme, cohort, kind, amount,
                         debit, credit, business_date) AS line FROM entry
        UNION ALL
        SELECT concat_ws('|', 'lot', customer_id, programme, cohort, clears_on, granted, spent,
                         expired, held, version) FROM lot) AS lines), ''),
    'UTF8')), 'hex') AS ledger_hash
"""
