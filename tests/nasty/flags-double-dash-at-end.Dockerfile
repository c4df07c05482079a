FROM alpine:3.20
RUN --
COPY --from=a --
