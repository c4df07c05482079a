FROM alpine:3.20
RUN cat <<<a <<B
b
B
