-- What each drawn unit (a store, a group) of a campaign spent in the window and before it: totals, for cluster analysis.
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
    unit_id,
    arm,
    count(*) AS members,
    CAST(sum(outcome_fen) AS BIGINT) AS outcome_fen,
    CAST(sum(before_fen) AS BIGINT) AS before_fen
FROM spent
GROUP BY unit_id, arm
ORDER BY unit_id, arm
