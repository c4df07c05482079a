FROM alpine:3.20
RUN cat <<A <<A
1
A
2
A
