#!/usr/bin/env python3
"""Writes THIRD-PARTY-NOTICES.txt: what the published programs contain of others, with versions, licenses and copyrights.

    dotnet restore && scripts/notices.py

Reads what the restore resolved and the packages' own metadata; a test compares the result with what the operator is built from.
"""
import glob, json, os, re, sys

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
packages = os.environ.get("NUGET_PACKAGES") or os.path.expanduser("~/.nuget/packages")
programs = ["Hud.NodeAgent", "Hud.Cli", "Hud.Operator"]


def resolved():
    found = set()
    for program in programs:
        assets = os.path.join(root, "artifacts/obj", program, "project.assets.json")
        if not os.path.exists(assets):
            sys.exit(f"{assets} is missing; next: dotnet restore src/{program}")
        with open(assets) as file:
            for target in json.load(file)["targets"].values():
                for name, entry in target.items():
                    # analyzers and build tools put nothing into a program
                    if entry["type"] == "package" and any("_._" not in f for f in entry.get("runtime", {})):
                        found.add(name)
    return sorted(found, key=str.lower)


def folder(name):
    return os.path.join(packages, *name.lower().split("/"))


def tag(text, name):
    match = re.search(rf"<{name}(?: [^>]*)?>([^<]*)</{name}>", text)
    return match.group(1).strip() if match else ""


seen = {}


def notice(name):
    with open(glob.glob(os.path.join(folder(name), "*.nuspec"))[0], encoding="utf-8-sig") as file:
        text = file.read()
    license = tag(text, "license") or tag(text, "licenseUrl") or sys.exit(f"{name} names no license; look at it")
    lines = [name.replace("/", " "), f"    License: {license}"]
    lines += [f"    {tag(text, 'copyright')}"] if tag(text, "copyright") else [f"    Authors: {tag(text, 'authors')}"]
    lines += [f"    {tag(text, 'projectUrl')}"] if tag(text, "projectUrl") else []
    # packages of one project carry the same text, which is needed once
    files = [f for f in os.listdir(folder(name)) if re.match(r"(license|notice|third-party)", f, re.I)]
    for file in sorted(files):
        with open(os.path.join(folder(name), file), encoding="utf-8-sig") as content:
            text = [f"    {line}".rstrip() for line in content.read().splitlines()]
        first = seen.setdefault("\n".join(text), name.replace("/", " "))
        lines += ["", *(text if first == name.replace("/", " ") else [f"    {file}: as with {first}"])]
    return "\n".join(lines)


def runtime():
    versions = sorted(
        glob.glob(os.path.join(packages, "microsoft.netcore.app.runtime.linux-*/*")),
        key=lambda path: [int(n) for n in re.findall(r"\d+", os.path.basename(path))],
    )
    if not versions:
        sys.exit("the .NET runtime pack is missing; next: ./build.sh")
    parts = []
    for file in ("LICENSE.TXT", "THIRD-PARTY-NOTICES.TXT"):
        with open(os.path.join(versions[-1], file), encoding="utf-8-sig") as content:
            parts.append(content.read().replace("\r\n", "\n").strip())
    return "\n\n".join(parts)


MIT = """The MIT License, for the packages above that name it:

    Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
    "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish,
    distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to
    the following conditions:

    The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

    THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
    MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR
    ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH
    THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.

The Apache License 2.0, for those that name it, is Hud's own: see LICENSE."""

with open(os.path.join(root, "THIRD-PARTY-NOTICES.txt"), "w") as out:
    out.write("Hud's programs contain the following. Made by scripts/notices.py.\n\n")
    out.write("\n\n".join(notice(name) for name in resolved()))
    out.write(f"\n\n{MIT}\n\n{'-' * 80}\n\nThe .NET runtime, which is part of each program:\n\n{runtime()}\n")
