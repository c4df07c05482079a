from starlette.testclient import TestClient

from shop.main import app


def test_price():
    assert TestClient(app).get("/price/apple").json() == {"price": 3}
