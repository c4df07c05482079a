FROM "alpine" AS 'x'
