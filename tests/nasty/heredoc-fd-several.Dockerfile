FROM alpine:3.20
RUN x 0<<A 3<<-B 12<<"C"
a
A
	b
	B
c
C
