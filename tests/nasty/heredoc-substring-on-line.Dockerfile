FROM alpine:3.20
RUN echo ${A:1:2} <<EOF
RUN b
EOF
