# syntax=docker/dockerfile:1
# Not run on the machine that heat twin is built on: see docs/environments.md.
FROM node:20-bookworm-slim AS viewer
WORKDIR /build/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci
COPY web/ ./
# fetches Cesium, too, for the page /globe; without it the image has no such page
RUN npm run build

FROM python:3.11-slim-bookworm AS wheel
WORKDIR /build
COPY requirements/run.txt requirements/
RUN pip install --no-cache-dir --require-hashes --target /packages -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY gis gis
COPY topology topology
COPY twin twin
COPY data data
COPY tiles tiles
COPY api api
COPY --from=viewer /build/api/static/viewer api/static/viewer
RUN PYTHONPATH=/packages pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels .

FROM python:3.11-slim-bookworm
# pg_dump of the database's version, for `heat-twin db backup`
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates postgresql-common \
  && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
  && apt-get install --yes --no-install-recommends postgresql-client-16 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --create-home --home-dir /var/lib/heat-twin heat-twin
COPY requirements/run.txt /tmp/run.txt
RUN pip install --no-cache-dir --require-hashes -r /tmp/run.txt
COPY --from=wheel /wheels /wheels
RUN pip install --no-cache-dir --no-deps /wheels/*.whl && rm -r /wheels /tmp/run.txt
USER heat-twin
WORKDIR /var/lib/heat-twin
ENV HEAT_TWIN_VAR_DIR=/var/lib/heat-twin HEAT_TWIN_HOST=0.0.0.0
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
CMD ["heat-twin", "serve"]
