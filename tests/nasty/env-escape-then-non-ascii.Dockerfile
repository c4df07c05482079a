FROM alpine:3.20
ENV A=\é\日 B=1
