FROM alpine:3.20
CMD ["日本", "é", "🐳"]
