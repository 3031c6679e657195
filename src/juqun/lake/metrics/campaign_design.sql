-- How a campaign was drawn and when it is measured. Days of the campaign fall back on its exposures.
-- Parameter: campaign_id, and the scope's three (they decide which exposures count).
WITH visible AS (
    SELECT store_id FROM stores WHERE regexp_matches(path, $scope_pattern)
),
exposed AS (
    SELECT arm, unit, CASE WHEN unit = 'member' THEN member_id ELSE unit_id END AS unit_id, day
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
)
SELECT
    e.unit,
    min(e.day) AS first_day,
    count(DISTINCT CASE WHEN e.arm = 'treated' THEN e.unit_id END) AS treated_units,
    count(DISTINCT CASE WHEN e.arm = 'holdout' THEN e.unit_id END) AS holdout_units,
    max(c.starts_day) AS starts_day,
    max(c.ends_day) AS ends_day,
    max(c.holdout_bp) AS holdout_bp
FROM exposed AS e
LEFT JOIN campaigns AS c ON c.campaign_id = $campaign_id
GROUP BY e.unit
ORDER BY e.unit
