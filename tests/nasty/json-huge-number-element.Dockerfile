FROM alpine:3.20
CMD [1e999]
