FROM alpine:3.20
RUN cat <<1
a
1
