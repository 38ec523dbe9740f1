# syntax=docker/dockerfile:1.10
# The core on one device. `--build-arg LOCK=ray` adds Ray Serve for a cluster's replicas.
# Base images are pinned by tag alone: put @sha256:... behind the tag where your registry tells it.
# docker build -f deployments/docker/core.Dockerfile -t packshot-core:0.1.0 .
FROM python:3.12.12-slim-bookworm AS packages
ARG LOCK=core
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY deployments/docker/${LOCK}.lock /packages.lock
# A package whose hash is not the lock's, or that would have to be built, stops the build.
RUN python -m venv /opt/packshot \
    && /opt/packshot/bin/pip install --require-hashes --no-deps --only-binary=:all: -r /packages.lock

FROM python:3.12.12-slim-bookworm
RUN useradd --system --uid 10001 --user-group --no-create-home --home-dir /tmp packshot
COPY --from=packages /opt/packshot /opt/packshot
COPY schemas /app/schemas
COPY zimage_core /app/zimage_core
COPY nano/weights /app/nano/weights
# The driver comes with the container runtime; torch's wheels bring the rest of CUDA.
ENV PATH=/opt/packshot/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility \
    PACKSHOT_CORE__HOST=0.0.0.0
WORKDIR /app
USER 10001:10001
EXPOSE 8188
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=600s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8188/health/ready', timeout=2)"]
ENTRYPOINT ["python", "-m", "zimage_core"]
