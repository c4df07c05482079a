FROM alpine
RUN a
