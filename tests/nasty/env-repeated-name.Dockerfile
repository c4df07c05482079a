FROM alpine:3.20
ENV A=1 A=2
ENV A=$A A=3
