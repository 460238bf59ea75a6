# SPDX-License-Identifier: Apache-2.0
# Copyright the cosem-gateway authors
#
# Build with `make image`, or with any OCI builder. HEALTHCHECK needs the docker image format: `buildah build --format docker`.
# The bases are arguments, so that a site can use its own. Both must be of one Debian release: the program built on the first
# runs with the shared libraries of the second.
ARG BUILD_BASE=docker.io/library/swift:6.3-bookworm
ARG RUNTIME_BASE=docker.io/library/debian:bookworm-slim

FROM ${BUILD_BASE} AS build
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        libmicrohttpd-dev libmosquitto-dev libpq-dev libsqlite3-dev libssl-dev pkg-config zlib1g-dev >/dev/null
WORKDIR /build/cosem-gateway
COPY . .
# The cache keeps compiled modules between builds; the binary and the licences of what is linked into it leave it in the same step.
RUN --mount=type=cache,target=/build/cosem-gateway/.build \
    swift build --configuration release --static-swift-stdlib --product cosem-gateway \
    && install -D --mode=0755 --strip .build/release/cosem-gateway /out/cosem-gateway \
    && for package in . .build/checkouts/*; do \
        folder="/out/doc/$(basename "$(realpath "$package")")" && mkdir -p "$folder" \
        && find "$package" -maxdepth 1 -type f '(' -name 'LICENSE*' -o -name 'NOTICE*' ')' -exec cp '{}' "$folder" ';' || exit 1; \
    done

FROM ${RUNTIME_BASE} AS runtime
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get upgrade -y -qq >/dev/null \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        ca-certificates libmicrohttpd12 libmosquitto1 libpq5 libsqlite3-0 libssl3 libstdc++6 tzdata zlib1g >/dev/null
COPY --from=build /out/cosem-gateway /out/cosem-gateway
COPY Scripts/assemble-root /usr/local/bin/assemble-root
RUN assemble-root /out/cosem-gateway /root/image 65532
COPY --from=build /out/doc /root/image/usr/share/doc

FROM scratch
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="cosem-gateway" \
    org.opencontainers.image.description="DLMS/COSEM meters as REST resources" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"
COPY --from=runtime /root/image /
ENV PATH=/usr/bin
USER 65532:65532
WORKDIR /var/lib/cosem-gateway
VOLUME /var/lib/cosem-gateway
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["cosem-gateway", "healthcheck"]
ENTRYPOINT ["cosem-gateway"]
CMD ["serve", "--listen", "0.0.0.0:8080", "--database", "sqlite:////var/lib/cosem-gateway/gateway.sqlite"]
