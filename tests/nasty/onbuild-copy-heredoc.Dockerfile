FROM alpine:3.20
ONBUILD COPY --chmod=755 <<-"A" <<B /d/
	a $x
	A
b
B
