FROM alpine:3.20
FOO --bar=1 --baz x "y z"
