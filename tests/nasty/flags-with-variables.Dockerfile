FROM alpine:3.20
COPY --from=${STAGE:-base} --chown=$UID:$GID a b
