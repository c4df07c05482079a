FROM alpine:3.20
COPY --from=a ["b c", "d"]
CMD --x ["a"]
