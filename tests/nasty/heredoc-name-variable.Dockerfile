FROM alpine:3.20
RUN <<$EOF
a
$EOF
RUN <<${EOF}
b
${EOF}
