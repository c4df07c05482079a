FROM alpine:3.20
ONBUILD RUN cat <<A \
  > /x
body
A
CMD y
