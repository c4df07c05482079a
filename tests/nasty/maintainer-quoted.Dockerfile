FROM alpine:3.20
MAINTAINER "Ann Example" # gone
