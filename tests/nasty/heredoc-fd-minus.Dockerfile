FROM alpine:3.20
RUN x -3<<A
RUN b
