FROM alpine
RUN a \
# why
  b
