FROM alpine:3.20
RUN <<"end of file"
a
end of file
