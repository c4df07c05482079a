FROM alpine:3.20
CMD ["\u00e9\u20ac", "\uD83D\uDC33"]
