FROM alpine:3.20
ONBUILD --a ONBUILD --b COPY --c d e
