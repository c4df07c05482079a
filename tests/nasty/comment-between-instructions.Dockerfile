FROM alpine:3.20
# one

# two
RUN a
