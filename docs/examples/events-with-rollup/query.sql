SELECT
  "page",
  SUM("views") AS views,
  SUM("bytes") AS bytes,
  ROUND(SUM("milliseconds") * 1.0 / SUM("views"), 1) AS mean_milliseconds,
  MAX("slowest_milliseconds") AS slowest_milliseconds,
  COUNT(*) AS stored_rows
FROM "page_views"
WHERE "__time" >= TIMESTAMP '2026-03-09 09:00:00'
GROUP BY "page"
ORDER BY "page"
