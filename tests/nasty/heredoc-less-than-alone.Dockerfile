FROM alpine:3.20
RUN a < b
RUN a <b <c
RUN a <&3 <>d
