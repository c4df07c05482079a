FROM alpine:3.20
COPY --"from=base" a b
