-- Weekly cohorts: members by the week in which they first entered, and how many of them bought k weeks later.
-- A member's weeks are one bit mask, so each member is looked at once; offsets beyond 61 weeks are left out.
-- Parameters: entry (friend | group_join | order), first_week, last_week (cohorts, inclusive), until_week (activity,
-- inclusive), and the scope's three.
WITH visible AS (
    SELECT store_id FROM stores WHERE regexp_matches(path, $scope_pattern)
),
purchases AS (
    SELECT member_id, week
    FROM orders
    WHERE NOT refunded AND member_id <> -1 AND week <= $until_week
        AND ($whole_chain OR store_id IN (SELECT store_id FROM visible))
        AND ($staff_id = -1 OR member_id IN (SELECT member_id FROM members WHERE staff_id = $staff_id))
),
entries AS (
    SELECT member_id, week
    FROM touches
    WHERE kind = $entry AND member_id <> -1 AND week <= $until_week
        AND ($whole_chain OR store_id IN (SELECT store_id FROM visible))
        AND ($staff_id = -1 OR member_id IN (SELECT member_id FROM members WHERE staff_id = $staff_id))
    UNION ALL
    SELECT member_id, week FROM purchases WHERE $entry = 'order'
),
cohorts AS (
    SELECT member_id, min(week) AS cohort_week
    FROM entries
    GROUP BY member_id
    HAVING min(week) BETWEEN $first_week AND $last_week
),
active AS (
    SELECT c.member_id, c.cohort_week, p.week - c.cohort_week AS k
    FROM cohorts AS c
    JOIN purchases AS p ON p.member_id = c.member_id AND p.week >= c.cohort_week AND p.week <= c.cohort_week + 61
),
masks AS (
    SELECT cohort_week, member_id, bit_or(CAST(pow(2, k) AS BIGINT)) AS mask
    FROM active
    GROUP BY cohort_week, member_id
),
patterns AS (
    SELECT cohort_week, mask, count(*) AS members FROM masks GROUP BY cohort_week, mask
),
offsets AS (
    SELECT k, CAST(pow(2, k) AS BIGINT) AS bit FROM active GROUP BY k
),
sizes AS (
    SELECT cohort_week, count(*) AS size FROM cohorts GROUP BY cohort_week
)
SELECT
    s.cohort_week,
    s.size,
    o.k,
    CAST(coalesce(sum(CASE WHEN (p.mask // o.bit) % 2 = 1 THEN p.members END), 0) AS BIGINT) AS active,
    CAST(coalesce(sum(CASE WHEN p.mask >= o.bit THEN p.members END), 0) AS BIGINT) AS active_or_later
FROM sizes AS s
LEFT JOIN offsets AS o ON s.cohort_week + o.k <= $until_week
LEFT JOIN patterns AS p ON p.cohort_week = s.cohort_week
GROUP BY s.cohort_week, s.size, o.k
ORDER BY s.cohort_week, o.k
