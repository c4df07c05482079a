FROM alpine:3.20
SHELL ["C:\Program Files\x.exe"]
