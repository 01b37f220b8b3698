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
# A small young generation keeps the process below 250 MB where V8 would let it grow with the machine.
CMD ["node", "--max-semi-space-size=12", "--max-old-space-size=1024", "src/main.ts", "serve"]
