FROM alpine AS größe
RUN echo "日本語 🐳"
ENV NAME=Zoë ÄRGER=1
LABEL café="naïve"
