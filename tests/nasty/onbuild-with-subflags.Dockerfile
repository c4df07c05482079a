FROM alpine:3.20
ONBUILD COPY --from=x --chown=a:b c d
ONBUILD RUN --mount=type=cache,target=/c make
