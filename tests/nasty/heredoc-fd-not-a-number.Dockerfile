FROM alpine:3.20
RUN x a3<<A
RUN b
