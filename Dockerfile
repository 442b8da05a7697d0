# One image; the command chooses the process: `worker points`, `api`, `migrate`, `roles`, `topics create`.
# Written without a container engine at hand: not built yet (CHANGELOG).
FROM python:3.13-slim AS build
WORKDIR /app
COPY requirements requirements
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements/bootstrap.txt \
 && /venv/bin/uv pip install --python /venv/bin/python --no-cache --require-hashes \
      -r requirements/runtime.txt
COPY pyproject.toml README.md ./
COPY services services
COPY shared shared
COPY holdfast holdfast
RUN /venv/bin/uv pip install --python /venv/bin/python --no-cache --no-deps --no-build-isolation -e .

FROM python:3.13-slim
# Logs leave at once; nothing is written, so a read-only root file system is enough.
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# Probes and Prometheus come from outside the container; on a desk nobody else needs these ports.
ENV HOLDFAST_HEALTH_HOST=0.0.0.0
COPY --from=build /venv /venv
COPY --from=build /app /app
RUN useradd --system --uid 10001 --no-create-home holdfast
USER 10001
WORKDIR /app
EXPOSE 8080 9100
ENTRYPOINT ["python", "-m", "holdfast"]
CMD ["--help"]
