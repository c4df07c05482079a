FROM alpine:3.20
COPY --from="" --link"" a b
