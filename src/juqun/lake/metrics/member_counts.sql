-- How many members there are, and how many of them can be reached in a chat or a group.
-- Parameters: the scope's three.
WITH visible AS (
    SELECT store_id FROM stores WHERE regexp_matches(path, $scope_pattern)
)
SELECT
    count(*) AS members,
    count(CASE WHEN is_friend THEN 1 END) AS friends,
    count(CASE WHEN in_group THEN 1 END) AS in_groups,
    count(CASE WHEN consent_marketing THEN 1 END) AS consenting
FROM members
WHERE ($whole_chain OR store_id IN (SELECT store_id FROM visible)) AND ($staff_id = -1 OR staff_id = $staff_id)
