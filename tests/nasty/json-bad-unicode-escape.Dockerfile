FROM alpine:3.20
CMD ["\u12g4"]
