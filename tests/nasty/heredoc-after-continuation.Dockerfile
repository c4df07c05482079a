FROM alpine:3.20
RUN a && \
  cat <<EOF \
  > /x
body
EOF
CMD y
