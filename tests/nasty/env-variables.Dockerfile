FROM alpine:3.20
ENV A=$B C=${D:-e} G="${H:-i j}"
