FROM alpine
CMD x