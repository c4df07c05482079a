FROM alpine:3.20
COPY a --from=b c
RUN a --mount=x
