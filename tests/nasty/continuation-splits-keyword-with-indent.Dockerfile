FROM alpine:3.20
RU\
  N a
