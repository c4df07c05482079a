FROM alpine:3.20
COPY --FROM=a b c
