FROM alpine:3.20
COPY --chown=Zoë:größe a b
