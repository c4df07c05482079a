FROM alpine:3.20
ENV PATH=/a:\
/b:\
/c
