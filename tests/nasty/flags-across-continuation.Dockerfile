FROM alpine:3.20
RUN --mount=type=cache,target=/a \
    --mount=type=bind,target=/b \
    make
