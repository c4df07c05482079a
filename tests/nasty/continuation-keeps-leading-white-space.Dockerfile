FROM alpine:3.20
USER a\
  b
LABEL k="v\
	 w"
