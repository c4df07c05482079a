FROM alpine:3.20
ENV A=a\\
RUN b
