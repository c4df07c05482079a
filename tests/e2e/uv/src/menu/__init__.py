from flask import Flask, jsonify

app = Flask(__name__)


@app.get("/menu")
def menu():
    return jsonify(["soup", "bread"])
