FROM alpine:3.20
RUN --mount=type=bind,source="my dir",target=/b make
