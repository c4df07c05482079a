FROM alpine:3.20
RUN <<"E\"F"
x
E"F
