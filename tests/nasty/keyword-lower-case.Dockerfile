from alpine as base
run a
cmd ["x"]
