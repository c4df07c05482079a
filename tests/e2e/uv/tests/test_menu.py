from menu import app


def test_menu():
    assert app.test_client().get("/menu").json == ["soup", "bread"]
