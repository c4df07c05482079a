FROM alpine:3.20
RUN [ -f /x ] && rm /x
RUN [[ a == b ]] || true
