FROM alpine:3.20
RUN echo \<<EOF
RUN b
RUN echo <\<EOF
RUN c
