FROM alpine:3.20
ARG A B=2 C="d e" F=
