SELECT
  TIME_FORMAT("__time", 'yyyy-MM-dd') AS "day",
  COUNT(*) AS receipts,
  SUM("pieces") AS pieces,
  ROUND(SUM("amount"), 2) AS amount
FROM "sales"
GROUP BY 1
ORDER BY 1
