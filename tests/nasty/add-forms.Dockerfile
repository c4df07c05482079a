FROM alpine:3.20
ADD https://example.com/x.tgz /x/
ADD --checksum=sha256:aa a b
ADD git@example.com:a/b.git#main /c
