#!/usr/bin/env python3
"""image.py NAME OUT.tar --entrypoint WORD... [--env K=V]... [--user UID] [--library NAME]... [--base IMAGE.tar] SRC:DST...

One-layer image from files and folders, for `ctr images import`: no registry, no daemon, and no base image unless one is named.
Without a base the shared libraries that `ldd` names for an ELF file come along, at the paths where the loader looks for them;
with one, user and environment are the base's and so are the libraries.
The same input gives the same image (times and owners are fixed), so an import of an unchanged one is free.
"""
import argparse
import hashlib
import io
import json
import os
import subprocess
import tarfile


def libraries(path):
    """Absolute paths of the shared objects an ELF file needs, the loader included."""
    with open(path, "rb") as f:
        if f.read(4) != b"\x7fELF":
            return
    listing = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
    for line in listing.splitlines():
        # "libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x...)" or "/lib64/ld-linux-x86-64.so.2 (0x...)"
        words = line.split()
        for word in words:
            if word.startswith("/"):
                yield word


def named_library(name):
    """Where the loader finds a library that a program opens by name at run time, as .NET does with OpenSSL."""
    for line in subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout.splitlines():
        words = line.split()
        if words and words[0] == name:
            return words[-1]
    raise SystemExit(f"image.py: no library {name} on this machine")


def files_below(src):
    if os.path.isfile(src):
        yield src, ""
        return
    for folder, _, names in os.walk(src):
        for name in sorted(names):
            path = os.path.join(folder, name)
            yield path, os.path.relpath(path, src)


def base(path):
    """Configuration of an image in a Docker archive, and its layers as (name, bytes)."""
    with tarfile.open(path) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))[0]
        return json.load(tar.extractfile(manifest["Config"])), [(name, tar.extractfile(name).read()) for name in manifest["Layers"]]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("out")
    parser.add_argument("--entrypoint", action="append", default=[])
    parser.add_argument("--env", action="append", default=[])
    parser.add_argument("--library", action="append", default=[])
    parser.add_argument("--user", default="")
    parser.add_argument("--base")
    parser.add_argument("sources", nargs="+")
    args = parser.parse_args()

    entries = {}  # path in the image -> file here
    for source in args.sources + [f"{path}:{path}" for path in map(named_library, args.library)]:
        src, dst = source.rsplit(":", 1)
        for path, below in files_below(src):
            entries[os.path.normpath(os.path.join(dst, below)) if below else dst] = path
            for library in [] if args.base else libraries(path):
                # a library that was asked for under its own path stays; those inside src come with src
                if not library.startswith(os.path.abspath(src) + "/"):
                    entries.setdefault(library, library)

    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        folders = {} if args.base else {"tmp": 0o1777}
        for path in entries:
            parts = path.strip("/").split("/")
            for i in range(1, len(parts)):
                folders.setdefault("/".join(parts[:i]), 0o755)
        for folder, mode in sorted(folders.items()):
            info = tarfile.TarInfo(folder)
            info.type, info.mode = tarfile.DIRTYPE, mode
            tar.addfile(info)
        for path, source in sorted(entries.items()):
            real = os.path.realpath(source)
            info = tarfile.TarInfo(path.strip("/"))
            info.size = os.path.getsize(real)
            info.mode = 0o755 if os.access(real, os.X_OK) else 0o644
            with open(real, "rb") as f:
                tar.addfile(info, f)
    layer = layer.getvalue()
    digest = hashlib.sha256(layer).hexdigest()
    config, layers = base(args.base) if args.base else ({
        "architecture": {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine), "os": "linux",
        "config": {"Env": ["PATH=/usr/bin:/bin"] + args.env, "User": args.user},
        "rootfs": {"type": "layers", "diff_ids": []},
    }, [])
    config["config"]["Entrypoint"] = args.entrypoint
    config["rootfs"]["diff_ids"].append("sha256:" + digest)
    config.pop("history", None)  # it would have to name the new layer as well
    config = json.dumps(config).encode()
    layers.append((digest + "/layer.tar", layer))
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = json.dumps([{"Config": config_name, "RepoTags": [args.name], "Layers": [name for name, _ in layers]}]).encode()
    with tarfile.open(args.out, "w") as tar:
        for name, data in (*layers, (config_name, config), ("manifest.json", manifest)):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


if __name__ == "__main__":
    main()
