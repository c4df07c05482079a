FROM golang:1.24-bookworm AS build
WORKDIR /src
COPY go.mod main.go root.c root.h ./
RUN go build -ldflags="-s -w" -o /roots .

FROM gcr.io/distroless/base-debian12:nonroot
COPY --from=build /roots /usr/local/bin/roots
EXPOSE 8080
CMD ["roots"]
