import psycopg2
from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    return {"ok": True, "libpq": psycopg2.extensions.libpq_version() > 90000}


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
