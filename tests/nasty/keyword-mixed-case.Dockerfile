FrOm alpine
rUn a
EnTrYpOiNt ["x"]
OnBuIlD rUn b
