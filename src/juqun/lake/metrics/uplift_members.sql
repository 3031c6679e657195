-- Moments of spending per arm of a campaign drawn by member: all that a difference in means with CUPED needs.
-- Parameters: campaign_id, starts_day, ends_day (inclusive), pre_days, and the scope's three.
WITH visible AS (
    SELECT store_id FROM stores WHERE regexp_matches(path, $scope_pattern)
),
exposed AS (
    -- distinct: two records of one person, merged since, were both exposed and are one member now
    SELECT DISTINCT member_id, arm, unit, CASE WHEN unit = 'member' THEN member_id ELSE unit_id END AS unit_id
    FROM exposures
    WHERE campaign_id = $campaign_id
        AND (
            ($whole_chain AND $staff_id = -1)
            OR member_id IN (
                SELECT m.member_id
                FROM members AS m
                WHERE ($whole_chain OR m.store_id IN (SELECT store_id FROM visible))
                    AND ($staff_id = -1 OR m.staff_id = $staff_id)
            )
        )
),
spent AS (
    SELECT
        e.member_id, e.arm, e.unit, e.unit_id,
        CAST(coalesce(sum(CASE WHEN o.day >= $starts_day THEN o.amount_fen END), 0) AS BIGINT) AS outcome_fen,
        CAST(coalesce(sum(CASE WHEN o.day < $starts_day THEN o.amount_fen END), 0) AS BIGINT) AS before_fen
    FROM exposed AS e
    LEFT JOIN orders AS o
        ON o.member_id = e.member_id AND NOT o.refunded
        AND o.day >= $starts_day - $pre_days AND o.day <= $ends_day
    GROUP BY e.member_id, e.arm, e.unit, e.unit_id
)
SELECT
    arm,
    count(*) AS members,
    avg(CAST(outcome_fen AS DOUBLE)) AS outcome_mean,
    avg(CAST(before_fen AS DOUBLE)) AS before_mean,
    coalesce(var_samp(CAST(outcome_fen AS DOUBLE)), 0) AS outcome_variance,
    coalesce(var_samp(CAST(before_fen AS DOUBLE)), 0) AS before_variance,
    coalesce(covar_samp(CAST(outcome_fen AS DOUBLE), CAST(before_fen AS DOUBLE)), 0) AS covariance
FROM spent
GROUP BY arm
ORDER BY arm
