FROM alpine:3.20
RUN echo it's fine
