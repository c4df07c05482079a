FROM alpine:3.20
ARG A=\"b C='d e' F="g\"h"
