FROM alpine:3.20
RUN A=<<EOF b
RUN c
