FROM alpine:3.20
COPY --from=a -- --link b
RUN -- --x
