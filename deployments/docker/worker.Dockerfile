# syntax=docker/dockerfile:1.10
# The flow worker, the command line and Studio: everything but the models.
# Base images are pinned by tag alone: put @sha256:... behind the tag where your registry tells it.
# docker build -f deployments/docker/worker.Dockerfile -t packshot-worker:0.1.0 .
FROM python:3.12.12-slim-bookworm AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY deployments/docker/worker.lock /packages.lock
# A package whose hash is not the lock's, or that would have to be built, stops the build.
RUN python -m venv /opt/packshot \
    && /opt/packshot/bin/pip install --require-hashes --no-deps --only-binary=:all: -r /packages.lock

FROM python:3.12.12-slim-bookworm
# Copy text and visible labels are set in these; Debian's stable release changes them by security fixes only.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --no-create-home --home-dir /tmp packshot \
    && install -d -o 10001 -g 10001 /data
COPY --from=packages /opt/packshot /opt/packshot
COPY deployments/docker/with-secrets.sh /usr/local/bin/with-secrets
COPY schemas /app/schemas
COPY prompt_rules /app/prompt_rules
COPY catalog /app/catalog
COPY zimage_core /app/zimage_core
COPY flows /app/flows
COPY studio /app/studio
COPY packshot /app/packshot
# `packshot deploy` reads what it registers from here.
COPY deployments/prefect.yaml /app/deployments/prefect.yaml
COPY deployments/automations.yaml /app/deployments/automations.yaml
ENV PATH=/opt/packshot/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp \
    PREFECT_HOME=/tmp/prefect PREFECT_SERVER_ANALYTICS_ENABLED=false DO_NOT_TRACK=1
WORKDIR /app
USER 10001:10001
VOLUME /data
STOPSIGNAL SIGTERM
# Each of its services has its own question: compose.yaml and the manifests ask it.
HEALTHCHECK NONE
ENTRYPOINT ["sh", "/usr/local/bin/with-secrets"]
CMD ["python", "-m", "packshot", "--help"]
