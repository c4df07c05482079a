FROM alpine:3.20
COPY <<EOF /x
﻿a
EOF
