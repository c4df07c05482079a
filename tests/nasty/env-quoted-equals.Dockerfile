FROM alpine:3.20
ENV "A=1" B="C=2"
