FROM alpine:3.20
RUN echo a#b
COPY a#b c
ENV A=x#y
