FROM alpine:3.20
RUN cat <<A <<B > /x
first
A
second
B
RUN c
