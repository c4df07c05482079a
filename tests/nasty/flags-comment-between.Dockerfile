FROM alpine:3.20
RUN --mount=type=cache,target=/a \
# why
    --network=none make
