-- Every group with its members now, how it moved and what its members bought within the last days.
-- Parameters: since_day, until_day (inclusive), and the scope's three.
WITH visible AS (
    SELECT store_id FROM stores WHERE regexp_matches(path, $scope_pattern)
),
moves AS (
    SELECT group_id, member_id, store_id, kind, day, ts
    FROM memberships
    WHERE day <= $until_day
        AND ($whole_chain OR store_id IN (SELECT store_id FROM visible))
        AND ($staff_id = -1 OR member_id IN (SELECT member_id FROM members WHERE staff_id = $staff_id))
),
latest AS (
    SELECT
        group_id, member_id, kind,
        row_number() OVER (PARTITION BY group_id, member_id ORDER BY ts DESC, kind) AS nth
    FROM moves
    WHERE member_id <> -1
),
present AS (
    SELECT group_id, member_id FROM latest WHERE nth = 1 AND kind = 'joined'
),
buyers AS (
    SELECT DISTINCT member_id FROM orders WHERE day BETWEEN $since_day AND $until_day AND NOT refunded
),
inside AS (
    SELECT p.group_id, count(*) AS members, count(b.member_id) AS buyers
    FROM present AS p
    LEFT JOIN buyers AS b ON b.member_id = p.member_id
    GROUP BY p.group_id
),
moved AS (
    SELECT
        group_id,
        max(store_id) AS store_id,
        count(CASE WHEN kind = 'joined' AND day >= $since_day THEN 1 END) AS joined,
        count(CASE WHEN kind = 'left' AND day >= $since_day THEN 1 END) AS left_count
    FROM moves
    GROUP BY group_id
)
SELECT
    m.group_id, m.store_id, coalesce(i.members, 0) AS members, m.joined, m.left_count, coalesce(i.buyers, 0) AS buyers
FROM moved AS m
LEFT JOIN inside AS i ON i.group_id = m.group_id
ORDER BY m.group_id
