FROM alpine:3.20
COPY <<EOF /Dockerfile
FROM scratch
RUN x
CMD ["y"]
EOF
CMD z
