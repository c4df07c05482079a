FROM alpine:3.20
COPY --chown=Å:x a b
