FROM alpine:3.20
RUN cat <<E'OF
RUN b
