# Feint with analysis, tables and sweeps on a cluster: docker build -t feint . && docker run --rm feint compare
FROM python:3.12-slim
WORKDIR /feint
COPY . .
# git names the commit in passports
RUN apt-get update && apt-get install --yes --no-install-recommends git && rm -rf /var/lib/apt/lists/* \
    && pip install --no-cache-dir -e '.[analysis,cluster,tables]'
ENV NUMBA_CACHE_DIR=/tmp/feint
WORKDIR /work
ENTRYPOINT ["feint"]
