FROM alpine:3.20
RUN a \
# escape=`
 b \
 c
