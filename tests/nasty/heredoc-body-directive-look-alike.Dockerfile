FROM alpine:3.20
RUN <<EOF
# escape=`
EOF
RUN a \
 b
