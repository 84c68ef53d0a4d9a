SELECT
  "country",
  JSON_VALUE("customer", '$.address.city') AS city,
  COUNT(*) AS orders,
  ROUND(SUM("total"), 2) AS total,
  MAX("first_price") AS dearest_first_item,
  SUM(JSON_VALUE("items", '$[0].quantity' RETURNING BIGINT)) AS pieces_of_first_item,
  COUNT(JSON_VALUE("customer", '$.tags[0]')) AS orders_with_tags
FROM "orders"
GROUP BY 1, 2
ORDER BY 1, 2
