FROM node:20 AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:20-alpine
RUN npm install -g serve && npm cache clean --force
WORKDIR /app
COPY --from=build /app/dist ./dist
USER node
EXPOSE 5000
CMD ["serve", "-s", "dist", "-l", "5000"]
