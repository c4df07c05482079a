FROM alpine:3.20
RUN cat <<A <<B
x
A
y
