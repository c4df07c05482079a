import Fastify from 'fastify';
import { now } from './now';

const server = Fastify({ logger: true });

server.get('/', async () => ({ ok: true, now: now() }));

server.listen({ host: '0.0.0.0', port: Number(process.env.PORT ?? 8080) }).catch((error) => {
  server.log.error(error);
  process.exit(1);
});
