const express = require('express');
const morgan = require('morgan');

const app = express();
const notes = [{ id: 1, text: 'first' }];

app.use(morgan('tiny'));
app.get('/health', (request, response) => response.json({ ok: true }));
app.get('/notes', (request, response) => response.json(notes));

const port = process.env.PORT || 3000;
app.listen(port, () => console.log(`listening on ${port}`));
