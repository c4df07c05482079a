# escape=`
FROM alpine:3.20
RUN dir C:\ `
 && dir D:\
COPY a.txt C:\app\
USER app
