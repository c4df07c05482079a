FROM golang:1.24-alpine AS build
WORKDIR /app
COPY go.mod main.go ./
RUN CGO_ENABLED=0 go build -o server .

FROM alpine:3.23
RUN adduser -D -H app
WORKDIR /app
COPY --from=build /app/server ./
COPY templates ./templates
ENV PORT=8080
USER app
EXPOSE 8080
CMD ["./server"]
