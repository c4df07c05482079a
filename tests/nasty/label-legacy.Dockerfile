FROM alpine:3.20
LABEL description This text is not quoted
