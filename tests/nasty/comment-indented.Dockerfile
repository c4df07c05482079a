FROM alpine:3.20
   # note
	#note
RUN a
