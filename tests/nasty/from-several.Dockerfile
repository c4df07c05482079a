FROM alpine AS a
FROM a AS b
FROM --platform=$BUILDPLATFORM scratch
COPY --from=b /x /y
