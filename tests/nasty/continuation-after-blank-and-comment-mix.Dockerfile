FROM alpine:3.20
RUN a \

# n

  # m
  && b \

&& c
