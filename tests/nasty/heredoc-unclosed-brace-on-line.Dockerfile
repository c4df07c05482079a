FROM alpine:3.20
RUN echo ${A <<EOF
RUN b
