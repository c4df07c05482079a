FROM alpine:3.20
ŘUN a
