FROM alpine:3.20
ENV --a B=1
USER --a b
WORKDIR --a b
EXPOSE --a 80
LABEL --a b=c
ARG --a b
STOPSIGNAL --a b
VOLUME --a b
SHELL --a ["b"]
ENTRYPOINT --a b
MAINTAINER --a b
