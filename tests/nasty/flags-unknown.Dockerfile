FROM alpine:3.20
RUN --frobnicate=yes a
