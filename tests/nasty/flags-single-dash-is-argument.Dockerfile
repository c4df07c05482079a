FROM alpine:3.20
RUN -x a
COPY -r a b
