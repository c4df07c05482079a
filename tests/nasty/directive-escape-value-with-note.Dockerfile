# escape=` for Windows paths
FROM alpine:3.20
