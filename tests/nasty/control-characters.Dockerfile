FROM alpine:3.20
RUN echo [0m
ENV A=
RUN a
