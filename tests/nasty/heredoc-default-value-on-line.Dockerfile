FROM alpine:3.20
RUN echo ${A:-b} ${C:+d e} <<EOF
x
EOF
