FROM alpine:3.20
ENV A=it's B=2
