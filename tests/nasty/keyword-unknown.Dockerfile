FROM alpine:3.20
INCLUDE other.Dockerfile
RUN a
