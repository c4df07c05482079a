FROM alpine:3.20
RUN a # not a comment
EXPOSE 80 # web
USER app # who
