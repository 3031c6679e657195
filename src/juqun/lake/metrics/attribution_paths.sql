-- The paths of channels that led to orders, with how many orders and how much money each led to: food for Markov and Shapley.
-- Same touches as orders_by_source; orders that nothing touched are left out.
-- Parameters: since_day, until_day (inclusive), lookback_days, and the scope's three.
WITH visible AS (
    SELECT store_id FROM stores WHERE regexp_matches(path, $scope_pattern)
),
conversions AS (
    SELECT order_key, member_id, ts, day, amount_fen
    FROM orders
    WHERE day BETWEEN $since_day AND $until_day AND NOT refunded
        AND ($whole_chain OR store_id IN (SELECT store_id FROM visible))
        AND ($staff_id = -1 OR member_id IN (SELECT member_id FROM members WHERE staff_id = $staff_id))
),
touched AS (
    SELECT
        c.order_key,
        max(c.amount_fen) AS amount_fen,
        CASE WHEN t.source = '' THEN t.kind ELSE t.source END AS channel,
        min(t.ts) AS ts
    FROM conversions AS c
    JOIN touches AS t ON t.member_id = c.member_id AND t.ts <= c.ts AND t.day >= c.day - $lookback_days
    WHERE c.member_id <> -1 AND t.kind IN ('scan', 'friend', 'group_join', 'message', 'link', 'coupon_issued')
    GROUP BY c.order_key, CASE WHEN t.source = '' THEN t.kind ELSE t.source END, t.day
),
paths AS (
    SELECT order_key, max(amount_fen) AS amount_fen, string_agg(channel, '>' ORDER BY ts, channel) AS path
    FROM touched
    GROUP BY order_key
)
SELECT path, count(*) AS orders, CAST(sum(amount_fen) AS BIGINT) AS amount_fen
FROM paths
GROUP BY path
ORDER BY path
