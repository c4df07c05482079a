FROM node:20-alpine AS build
RUN npm install -g pnpm@9.15.9
WORKDIR /repo
COPY . .
RUN pnpm --filter api --prod deploy /out

FROM node:20-alpine
WORKDIR /app
COPY --from=build /out ./
USER node
EXPOSE 3000
CMD ["node", "server.js"]
