# Two images from one file:
#
#   docker build --target operator --build-arg SDK=...@sha256:... --build-arg RUNTIME=...@sha256:... -t hud-operator .
#   docker build --target agent    --build-arg SDK=...@sha256:... --build-arg RUNTIME=...@sha256:... -t hud-agent .
#
# Bases are arguments without a default: a tag is whatever its owner makes of it today, so name them by digest (docs/kubernetes.md has how).
# SDK: the .NET 10 SDK on Debian 12 or newer, with apt. RUNTIME: glibc, libstdc++, OpenSSL 3, for the operator time zones (tzdata) and, for the agent,
# apt; no .NET is needed in it.
ARG SDK
ARG RUNTIME

# The compilers come before the sources: a change of the sources does not install them again.
FROM ${SDK} AS tools
WORKDIR /src
COPY scripts scripts
RUN scripts/install.sh build

FROM tools AS build-operator
COPY . .
RUN --mount=type=cache,target=/root/.nuget/packages ./build.sh --no-install hud-operator

FROM tools AS build-agent
COPY . .
RUN --mount=type=cache,target=/root/.nuget/packages ./build.sh --no-install hud-agent

FROM ${RUNTIME} AS operator
LABEL org.opencontainers.image.title="hud-operator" org.opencontainers.image.licenses="Apache-2.0"
COPY LICENSE THIRD-PARTY-NOTICES.txt /
COPY --from=build-operator /src/out/hud-operator /hud-operator
ENV DOTNET_EnableDiagnostics=0
USER 65532:65532
ENTRYPOINT ["/hud-operator"]

# The agent needs its capabilities from the pod, and root to receive them; its pod has no token to steal and nothing to write to.
FROM ${RUNTIME} AS agent
LABEL org.opencontainers.image.title="hud-agent" org.opencontainers.image.licenses="Apache-2.0 AND (GPL-2.0-only OR BSD-2-Clause)"
# libdw reads line tables and inlined functions; without it names come from symbols alone
RUN apt-get update && apt-get install -y --no-install-recommends libbpf1 libdw1 && \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/ldconfig/* /var/log/*
COPY LICENSE THIRD-PARTY-NOTICES.txt /
COPY bpf/LICENSES /LICENSES
COPY --from=build-agent /src/out/hud-agent /hud-agent
ENV DOTNET_EnableDiagnostics=0
USER 0:0
ENTRYPOINT ["/hud-agent"]
