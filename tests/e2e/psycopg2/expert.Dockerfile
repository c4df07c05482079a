FROM python:3.11 AS build
WORKDIR /srv
COPY requirements.txt ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir -r requirements.txt

FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*
WORKDIR /srv
COPY --from=build /venv /venv
COPY app.py ./
RUN useradd --system app
USER app
ENV PATH=/venv/bin:$PATH
EXPOSE 5000
CMD ["python", "app.py"]
