FROM alpine:3.20
ENV=1
RUN=a b
