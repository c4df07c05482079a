 ﻿FROM alpine
