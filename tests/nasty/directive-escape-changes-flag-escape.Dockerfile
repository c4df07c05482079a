# escape=`
FROM alpine:3.20
COPY --chown=a`b --from=c\d x y
