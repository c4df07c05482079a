FROM alpine:3.20
USER app
USER 1000:1000
USER "app user"
USER ${U:-x}
