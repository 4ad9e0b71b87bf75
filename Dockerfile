# The server with its page: docker build -t letterlab . && docker run --rm -p 127.0.0.1:8000:8000 letterlab
# Whoever reaches the published port may ask; to be asked by others, give it a token of your own:
#   docker run --rm -p 8000:8000 -e LETTERLAB_TOKEN=... letterlab serve --host 0.0.0.0
FROM python:3.11-slim AS build
WORKDIR /letterlab
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
RUN python -m venv --without-pip /opt/letterlab \
    && pip wheel --no-cache-dir --no-deps --wheel-dir dist . \
    && pip --python /opt/letterlab/bin/python install --no-cache-dir --constraint constraints.txt dist/*.whl

FROM python:3.11-slim
COPY --from=build /opt/letterlab /opt/letterlab
ENV PATH=/opt/letterlab/bin:$PATH PYTHONUNBUFFERED=1
# Nobody: it reads its own files and writes none.
USER 65534:65534
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/v1/health', timeout=4)"]
ENTRYPOINT ["letterlab"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000", "--open"]
