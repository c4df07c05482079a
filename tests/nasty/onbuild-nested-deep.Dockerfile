FROM alpine:3.20
ONBUILD onbuild ONBUILD OnBuild ENV A=1
