FROM alpine:3.20
RUN x 003<<A
a
A
