FROM alpine AS a b c
