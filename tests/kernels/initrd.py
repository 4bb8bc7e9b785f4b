#!/usr/bin/env python3
"""initrd.py OUT.gz [--library NAME]... SRC:DST...

An initial file system for a virtual machine from files, with the shared libraries that they need, as image.py makes images:
no disk, no modules. busybox is /bin/sh and all its other commands.
"""
import argparse
import gzip
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cluster"))
from image import libraries, named_library

BUSYBOX = "/bin/busybox"


class Archive:
    """cpio of the kind "newc", the only one that the kernel unpacks."""

    def __init__(self, out):
        self.out, self.seen = out, set()

    def add(self, path, mode, data=b""):
        path = path.strip("/")
        if path in self.seen:
            return
        self.seen.add(path)
        if "/" in path:
            self.add(os.path.dirname(path), 0o040755)
        name = path.encode() + b"\0"
        fields = [len(self.seen), mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0]
        header = b"070701" + b"".join(b"%08X" % f for f in fields) + name
        self.out.write(header + bytes(-len(header) % 4) + data + bytes(-len(data) % 4))

    def file(self, src, dst):
        with open(src, "rb") as f:
            self.add(dst, 0o100755 if os.access(src, os.X_OK) else 0o100644, f.read())

    def program(self, src, dst):
        self.file(src, dst)
        for library in libraries(src):
            self.file(library, library)

    def end(self):
        self.add("TRAILER!!!", 0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--library", action="append", default=[])
    parser.add_argument("sources", nargs="+")
    args = parser.parse_args()
    with gzip.open(args.out, "wb", compresslevel=1) as out:
        archive = Archive(out)
        for folder in ("proc", "sys", "dev", "tmp", "root"):
            archive.add(folder, 0o040755)
        archive.program(BUSYBOX, BUSYBOX)
        for name in subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True).stdout.split():
            archive.add("bin/" + name, 0o120777, BUSYBOX.encode())
        for name in args.library:
            path = named_library(name)
            archive.program(path, path)
        for source in args.sources:
            src, dst = source.rsplit(":", 1)
            archive.program(src, dst)
        archive.end()


if __name__ == "__main__":
    main()
