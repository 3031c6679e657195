-- One row per day on which anything happened.
-- Parameters: since_day, until_day (inclusive), and the scope's three.
WITH visible AS (
    SELECT store_id FROM stores WHERE regexp_matches(path, $scope_pattern)
),
steps AS (
    SELECT store_id, member_id, day, kind AS step, CAST(0 AS BIGINT) AS amount_fen
    FROM touches
    WHERE day BETWEEN $since_day AND $until_day AND kind IN ('friend', 'friend_lost', 'group_join', 'group_left')
    UNION ALL
    SELECT store_id, member_id, day, 'message' AS step, CAST(0 AS BIGINT) AS amount_fen
    FROM messages
    WHERE day BETWEEN $since_day AND $until_day AND state = 'sent'
    UNION ALL
    SELECT store_id, member_id, day, 'order' AS step, amount_fen
    FROM orders
    WHERE day BETWEEN $since_day AND $until_day AND NOT refunded
    UNION ALL
    SELECT store_id, member_id, day, 'redemption' AS step, CAST(0 AS BIGINT) AS amount_fen
    FROM redemptions
    WHERE day BETWEEN $since_day AND $until_day
)
SELECT
    day,
    count(CASE WHEN step = 'friend' THEN 1 END) AS friends_gained,
    count(CASE WHEN step = 'friend_lost' THEN 1 END) AS friends_lost,
    count(CASE WHEN step = 'group_join' THEN 1 END) AS group_joins,
    count(CASE WHEN step = 'group_left' THEN 1 END) AS group_leaves,
    count(CASE WHEN step = 'message' THEN 1 END) AS messages,
    count(CASE WHEN step = 'order' THEN 1 END) AS orders,
    count(DISTINCT CASE WHEN step = 'order' AND member_id <> -1 THEN member_id END) AS buyers,
    CAST(sum(amount_fen) AS BIGINT) AS amount_fen,
    count(CASE WHEN step = 'redemption' THEN 1 END) AS redemptions
FROM steps
WHERE ($whole_chain OR store_id IN (SELECT store_id FROM visible))
    AND ($staff_id = -1 OR member_id IN (SELECT member_id FROM members WHERE staff_id = $staff_id))
GROUP BY day
ORDER BY day
