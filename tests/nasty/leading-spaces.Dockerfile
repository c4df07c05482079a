   FROM alpine
	 RUN a
