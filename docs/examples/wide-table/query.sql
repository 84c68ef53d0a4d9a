SELECT
  "machine",
  COUNT(*) AS hours,
  SUM("parts_good") AS parts_good,
  SUM("parts_scrapped") AS parts_scrapped,
  MAX("winding_3_celsius") AS hottest_winding_3,
  ROUND(MAX("vibration_1_mm_s"), 3) AS strongest_vibration_1
FROM "machine_readings"
WHERE "site" = 'Bergen'
GROUP BY "machine"
ORDER BY "machine"
