FROM alpine:3.20
RUN echo ${A/b/c} <<EOF
RUN b
EOF
