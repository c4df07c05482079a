FROM alpine:3.20
RUN cat <<EOF \
# not the body

  > /x
body
EOF
CMD y
