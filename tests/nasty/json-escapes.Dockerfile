FROM alpine:3.20
CMD ["a\"b", "c\\d", "e\/f", "\b\f\n\r\t"]
