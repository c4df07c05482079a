const bcrypt = require('bcrypt');
const express = require('express');

const app = express();

app.get('/check', async (request, response) => {
  const hash = await bcrypt.hash('secret', 4);
  response.json({ ok: await bcrypt.compare('secret', hash) });
});

app.listen(3000);
