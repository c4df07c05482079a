from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

PRICES = {"apple": 3, "pear": 4}


async def price(request):
    return JSONResponse({"price": PRICES[request.path_params["fruit"]]})


app = Starlette(routes=[Route("/price/{fruit}", price)])
