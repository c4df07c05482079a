FROM alpine:3.20
COPY ["a b", "c"]
ADD ["d e", "f"]
VOLUME ["/g", "/h i"]
