-- Recency, frequency and money per member with grades 1-5. Grades come from value histograms: equal values share a grade,
-- and the only window runs over distinct values. Recency is in days before as_of_day; the best grade is 5 in all three.
-- Parameters: as_of_day (inclusive), since_day, and the scope's three.
WITH visible AS (
    SELECT store_id FROM stores WHERE regexp_matches(path, $scope_pattern)
),
buyers AS (
    SELECT
        member_id,
        $as_of_day - max(day) AS recency_days,
        count(*) AS frequency,
        CAST(sum(amount_fen) AS BIGINT) AS monetary_fen
    FROM orders
    WHERE day BETWEEN $since_day AND $as_of_day AND NOT refunded AND member_id <> -1
        AND ($whole_chain OR store_id IN (SELECT store_id FROM visible))
        AND ($staff_id = -1 OR member_id IN (SELECT member_id FROM members WHERE staff_id = $staff_id))
    GROUP BY member_id
),
total AS (
    SELECT count(*) AS members FROM buyers
),
recency_values AS (
    SELECT recency_days, count(*) AS members FROM buyers GROUP BY recency_days
),
recency_grades AS (
    SELECT recency_days, sum(members) OVER (ORDER BY recency_days DESC) - members AS below FROM recency_values
),
frequency_values AS (
    SELECT frequency, count(*) AS members FROM buyers GROUP BY frequency
),
frequency_grades AS (
    SELECT frequency, sum(members) OVER (ORDER BY frequency) - members AS below FROM frequency_values
),
monetary_values AS (
    SELECT monetary_fen, count(*) AS members FROM buyers GROUP BY monetary_fen
),
monetary_grades AS (
    SELECT monetary_fen, sum(members) OVER (ORDER BY monetary_fen) - members AS below FROM monetary_values
)
SELECT
    b.member_id,
    CAST(b.recency_days AS INTEGER) AS recency_days,
    b.frequency,
    b.monetary_fen,
    CAST(1 + (5 * CAST(r.below AS BIGINT)) // t.members AS INTEGER) AS r,
    CAST(1 + (5 * CAST(f.below AS BIGINT)) // t.members AS INTEGER) AS f,
    CAST(1 + (5 * CAST(m.below AS BIGINT)) // t.members AS INTEGER) AS m
FROM buyers AS b
CROSS JOIN total AS t
JOIN recency_grades AS r ON r.recency_days = b.recency_days
JOIN frequency_grades AS f ON f.frequency = b.frequency
JOIN monetary_grades AS m ON m.monetary_fen = b.monetary_fen
ORDER BY b.member_id
