from fastapi import FastAPI
from pydantic import BaseModel


class Item(BaseModel):
    name: str
    price: float


app = FastAPI()


@app.get("/items/{name}")
def item(name: str) -> Item:
    return Item(name=name, price=1.5)
