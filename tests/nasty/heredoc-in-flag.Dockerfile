FROM alpine:3.20
RUN --mount=<<EOF a
RUN b
