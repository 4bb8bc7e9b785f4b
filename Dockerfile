# Two images from one file:
#
#   docker build --target operator -t hud-operator .
#   docker build --target agent    -t hud-agent .
#
# Bases are arguments, so that a build without a registry can name its own. SDK: the .NET 10 SDK on Debian 12 or newer, with apt.
# RUNTIME: anything with glibc and OpenSSL 3; no .NET is needed in it.
ARG SDK=mcr.microsoft.com/dotnet/sdk:10.0-noble
ARG RUNTIME=mcr.microsoft.com/dotnet/runtime-deps:10.0-noble

FROM ${SDK} AS build
WORKDIR /src
COPY . .
RUN ./build.sh

FROM ${RUNTIME} AS operator
COPY --from=build /src/out/hud-operator /hud-operator
ENV DOTNET_EnableDiagnostics=0
USER 65532:65532
ENTRYPOINT ["/hud-operator"]

# The agent needs its capabilities from the pod, and root to receive them; its pod has no token to steal and nothing to write to.
FROM ${RUNTIME} AS agent
# libdw reads line tables and inlined functions; without it names come from symbols alone
RUN apt-get update && apt-get install -y --no-install-recommends libbpf1 libelf1 libdw1 && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/out/hud-agent /hud-agent
ENV DOTNET_EnableDiagnostics=0
USER 0:0
ENTRYPOINT ["/hud-agent"]
