FROM alpine:3.20
RUN --mount=type=cache,\
target=/a make
COPY --fr\
om=x a b
