# escape=`
FROM alpine:3.20
# escape=\
RUN a `
 b
