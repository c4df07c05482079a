FROM alpine:3.20
RUN <<"E'F"
a
E'F
