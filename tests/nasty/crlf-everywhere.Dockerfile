FROM alpine
RUN a \
  b

# note
CMD ["x"]
