FROM alpine:3.20
RUN <<a\ b
x
a b
