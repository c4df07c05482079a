FROM alpine AS ビルド
