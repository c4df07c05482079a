FROM alpine:3.20
RUN ---x a
RUN --- a
