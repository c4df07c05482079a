FROM alpine:3.20
COPY <<a.txt <<b.txt <<c.txt /d/
1
a.txt
2
b.txt
3
c.txt
