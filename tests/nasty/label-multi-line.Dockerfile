FROM alpine:3.20
LABEL a="one" \
      b="two" \
      c="three \
four"
