# One image for each service, and one for the command line:
#   docker build --build-arg SERVICE=validator -t druid-ingest/validator:local .
# It holds what is shared, the one service, and that service's own locked packages. Nothing else.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS packages
ARG SERVICE
RUN test -n "$SERVICE" || { echo "name one: --build-arg SERVICE=gateway|validator|submitter|monitor|projector|cli"; exit 1; }
COPY requirements/${SERVICE}.txt /requirements.txt
RUN python -m venv /opt/venv \
 && /opt/venv/bin/python -m pip install --quiet --no-cache-dir --disable-pip-version-check --require-hashes \
    -r /requirements.txt \
 && /opt/venv/bin/python -m pip uninstall --quiet --yes pip

FROM ${PYTHON_IMAGE} AS house
ARG SERVICE
COPY shared /tree/shared
COPY services /tree/services
COPY shared /app/shared
# A service is a folder; the command line is the modules beside the folders.
RUN mkdir /app/services \
 && cp /tree/services/__init__.py /app/services/ \
 && if [ -d "/tree/services/$SERVICE" ]; then cp -r "/tree/services/$SERVICE" /app/services/; \
    else cp /tree/services/*.py /app/services/; fi \
 && python -m compileall -q /app

FROM ${PYTHON_IMAGE}
ARG SERVICE
# In a container every service serves its pages on 8000; the port is nobody else's.
ENV SERVICE=${SERVICE} PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    GATEWAY_HOST=0.0.0.0 VALIDATOR_HOST=0.0.0.0 SUBMITTER_HOST=0.0.0.0 MONITOR_HOST=0.0.0.0 PROJECTOR_HOST=0.0.0.0 \
    GATEWAY_PORT=8000 VALIDATOR_PORT=8000 SUBMITTER_PORT=8000 MONITOR_PORT=8000 PROJECTOR_PORT=8000 \
    VALIDATOR_WORK_DIR=/var/lib/ingest
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin ingest \
 && install -d -o ingest -g ingest /var/lib/ingest
COPY --from=packages /opt/venv /opt/venv
COPY --from=house /app /app
WORKDIR /app
USER 10001:10001
HEALTHCHECK --interval=5s --timeout=8s --start-period=60s --retries=6 CMD ["python", "-m", "shared.health_probe"]
ENTRYPOINT ["sh", "-c", "exec python -m services.$SERVICE \"$@\"", "ingest"]
