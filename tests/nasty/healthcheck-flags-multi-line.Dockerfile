FROM alpine:3.20
HEALTHCHECK --interval=5m \
  --timeout=3s \
  CMD ["a", "b"]
