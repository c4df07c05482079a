FROM alpine:3.20
CMD [1, b]
