FROM alpine:3.20
RUN <<ENDE_größe
a
ENDE_größe
