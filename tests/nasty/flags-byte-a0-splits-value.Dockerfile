FROM alpine:3.20
COPY --chown=voilà:x a b
