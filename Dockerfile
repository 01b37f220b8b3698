FROM node:24-slim
WORKDIR /app
ENV NODE_ENV=production
COPY package.json package-lock.json .npmrc ./
# DATABASE_URL is always set here, so the embedded Postgres (an optional dependency) stays out.
RUN npm ci --omit=dev --omit=optional
COPY config config
COPY migrations migrations
COPY src src
USER node
EXPOSE 3000
# node itself, not npm: it must get the SIGTERM.
CMD ["node", "src/main.ts", "serve"]
