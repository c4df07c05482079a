FROM alpine:3.20
RUN a # eats the rest \
 && b
