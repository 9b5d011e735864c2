ARG REGISTRY=registry.example.org
ARG BASE
FROM ${REGISTRY}/base/node:20.11 AS base
WORKDIR /repo
ENV PNPM_HOME="/pnpm" PATH="/pnpm:$PATH"
RUN corepack enable

FROM base AS deps
COPY pnpm-lock.yaml ./
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc pnpm fetch --prod

FROM base AS test
RUN apt-get update && apt-get install -y chromium
COPY . .
CMD pnpm test

FROM ${BASE} AS runtime
COPY --from=deps /repo/node_modules ./node_modules
COPY --from=busybox /bin/wget /usr/local/bin/wget

FROM base AS final
COPY --from=deps --chown=node:node /repo/node_modules ./node_modules
COPY --chown=node:node apps/api ./apps/api
USER node
HEALTHCHECK CMD ["node", "apps/api/health.js"]
CMD ["node", "apps/api/main.js"]
