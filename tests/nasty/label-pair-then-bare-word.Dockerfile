FROM alpine:3.20
LABEL a=1 b c=2
