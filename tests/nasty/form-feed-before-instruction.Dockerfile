FROM alpine
RUN a
