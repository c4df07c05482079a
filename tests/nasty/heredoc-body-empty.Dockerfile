FROM alpine:3.20
RUN <<EOF
EOF
COPY <<A <<B /x/
A
B
