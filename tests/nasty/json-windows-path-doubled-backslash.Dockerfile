FROM alpine:3.20
ENTRYPOINT ["C:\\app\\x.exe"]
