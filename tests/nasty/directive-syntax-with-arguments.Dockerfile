# syntax=docker/dockerfile:1 --opt=value
FROM alpine:3.20
