FROM alpine:3.20
ENV A=1 \
# B is for later
    B=2
