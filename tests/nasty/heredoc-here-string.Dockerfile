FROM alpine:3.20
RUN cat <<<hello
RUN cat <<< hello
RUN cat <<<"a b"
