-- Recruit, serve, convert per node of one tier. Days are inclusive.
-- Parameters: tier (chain | province | city | store), since_day, until_day, and the scope's three.
WITH visible AS (
    SELECT
        store_id,
        CASE $tier WHEN 'store' THEN store_id WHEN 'city' THEN city_id WHEN 'province' THEN province_id ELSE -1 END AS node_id,
        CASE $tier WHEN 'store' THEN store_name WHEN 'city' THEN city_name WHEN 'province' THEN province_name ELSE '' END
            AS node_name
    FROM stores
    WHERE regexp_matches(path, $scope_pattern)
),
steps AS (
    SELECT store_id, member_id, kind AS step, CAST(0 AS BIGINT) AS amount_fen
    FROM touches
    WHERE day BETWEEN $since_day AND $until_day AND kind IN ('scan', 'friend', 'group_join')
    UNION ALL
    SELECT store_id, member_id, 'message' AS step, CAST(0 AS BIGINT) AS amount_fen
    FROM messages
    WHERE day BETWEEN $since_day AND $until_day AND state = 'sent'
    UNION ALL
    SELECT store_id, member_id, 'order' AS step, amount_fen
    FROM orders
    WHERE day BETWEEN $since_day AND $until_day AND NOT refunded
),
seen AS (
    SELECT
        coalesce(v.node_id, -1) AS node_id,
        coalesce(v.node_name, '') AS node_name,
        s.member_id, s.step, s.amount_fen
    FROM steps AS s
    LEFT JOIN visible AS v ON v.store_id = s.store_id
    WHERE ($whole_chain OR v.store_id IS NOT NULL)
        AND ($staff_id = -1 OR s.member_id IN (SELECT member_id FROM members WHERE staff_id = $staff_id))
    UNION ALL
    -- nodes where nothing happened show as zeros
    SELECT node_id, node_name, CAST(-1 AS BIGINT) AS member_id, 'node' AS step, CAST(0 AS BIGINT) AS amount_fen
    FROM visible
)
SELECT
    node_id,
    max(node_name) AS node_name,
    count(CASE WHEN step = 'scan' THEN 1 END) AS scans,
    count(DISTINCT CASE WHEN step = 'friend' AND member_id <> -1 THEN member_id END) AS friends,
    count(DISTINCT CASE WHEN step = 'group_join' AND member_id <> -1 THEN member_id END) AS group_members,
    count(CASE WHEN step = 'message' THEN 1 END) AS messages,
    count(DISTINCT CASE WHEN step = 'order' AND member_id <> -1 THEN member_id END) AS buyers,
    count(CASE WHEN step = 'order' THEN 1 END) AS orders,
    CAST(sum(amount_fen) AS BIGINT) AS amount_fen
FROM seen
GROUP BY node_id
ORDER BY amount_fen DESC, node_id
