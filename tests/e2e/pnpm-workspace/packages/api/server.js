const express = require('express');
const { greet } = require('text');

const app = express();

app.get('/greet/:name', (request, response) => response.json({ text: greet(request.params.name) }));

app.listen(3000);
