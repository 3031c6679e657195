-- Orders and the money in them, credited to the channels that touched the buyer before: first, last, linear, position.
-- A channel counts once a day; an order that nothing touched within the look-back is organic.
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
        CASE WHEN t.source = '' THEN t.kind ELSE t.source END AS channel,
        min(t.ts) AS ts
    FROM conversions AS c
    JOIN touches AS t ON t.member_id = c.member_id AND t.ts <= c.ts AND t.day >= c.day - $lookback_days
    WHERE c.member_id <> -1 AND t.kind IN ('scan', 'friend', 'group_join', 'message', 'link', 'coupon_issued')
    GROUP BY c.order_key, CASE WHEN t.source = '' THEN t.kind ELSE t.source END, t.day
),
ranked AS (
    SELECT
        order_key, channel,
        row_number() OVER (PARTITION BY order_key ORDER BY ts, channel) AS nth,
        count(*) OVER (PARTITION BY order_key) AS touches
    FROM touched
),
credited AS (
    SELECT
        c.order_key, c.amount_fen,
        coalesce(r.channel, 'organic') AS channel,
        CASE WHEN r.nth IS NULL OR r.nth = 1 THEN 1 ELSE 0 END AS is_first,
        CASE WHEN r.nth IS NULL OR r.nth = r.touches THEN 1 ELSE 0 END AS is_last,
        1.0 / coalesce(r.touches, 1) AS linear_share,
        CASE
            WHEN r.nth IS NULL OR r.touches = 1 THEN 1.0
            WHEN r.touches = 2 THEN 0.5
            WHEN r.nth = 1 OR r.nth = r.touches THEN 0.4
            ELSE 0.2 / (r.touches - 2)
        END AS position_share
    FROM conversions AS c
    LEFT JOIN ranked AS r ON r.order_key = c.order_key
)
SELECT
    channel,
    count(DISTINCT order_key) AS touched_orders,
    CAST(sum(is_first) AS BIGINT) AS first_orders,
    CAST(sum(is_last) AS BIGINT) AS last_orders,
    CAST(sum(is_first * amount_fen) AS BIGINT) AS first_fen,
    CAST(sum(is_last * amount_fen) AS BIGINT) AS last_fen,
    sum(CAST(linear_share AS DOUBLE) * amount_fen) AS linear_fen,
    sum(CAST(position_share AS DOUBLE) * amount_fen) AS position_fen
FROM credited
GROUP BY channel
ORDER BY channel
