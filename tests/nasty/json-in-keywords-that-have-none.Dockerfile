FROM alpine:3.20
ENV ["a"] b
USER ["a"]
WORKDIR ["/a"]
EXPOSE ["80"]
STOPSIGNAL ["a"]
