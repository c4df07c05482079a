FROM alpine:3.20
RUN <<EOF
#!/usr/bin/env python3
print(1)
EOF
