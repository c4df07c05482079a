FROM alpine:3.20
COPY <<a-b_c.d:e /x
1
a-b_c.d:e
