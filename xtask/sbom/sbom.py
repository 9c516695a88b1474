#!/usr/bin/env python3
"""The software bill of materials of the binary, as CycloneDX 1.6 JSON: every crate that is compiled into it (no build tools,
no test libraries), the SQLite inside it, and the npm packages that the browser receives. Called by `./x sbom`.

The same sources give the same bytes: no time stands in it, and its serial number is made from its content.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
import uuid

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARGET = "x86_64-unknown-linux-gnu"
PRODUCT = "sakimori"


def metadata():
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", TARGET]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)


def checksums():
    with open(os.path.join(ROOT, "Cargo.lock"), "rb") as file:
        packages = tomllib.load(file)["package"]
    return {(package["name"], package["version"]): package.get("checksum") for package in packages}


def shipped(data):
    """Ids of the packages in the binary and what each of them uses: normal dependencies, and no procedural macros."""
    packages = {package["id"]: package for package in data["packages"]}
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    is_macro = lambda package: any("proc-macro" in target["kind"] for target in package["targets"])
    root = next(package["id"] for package in data["packages"] if package["name"] == PRODUCT)
    uses, todo = {}, [root]
    while todo:
        identity = todo.pop()
        if identity in uses:
            continue
        uses[identity] = sorted(
            dependency["pkg"]
            for dependency in nodes[identity]["deps"]
            if any(kind["kind"] is None for kind in dependency["dep_kinds"])
            and not is_macro(packages[dependency["pkg"]])
        )
        todo += uses[identity]
    return root, packages, uses


def reference(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def component(package, sums):
    found = {
        "type": "library",
        "bom-ref": reference(package),
        "name": package["name"],
        "version": package["version"],
        "purl": reference(package),
    }
    if package.get("license"):
        # The old way of writing "or" is no SPDX expression.
        found["licenses"] = [{"expression": re.sub(r"\s*/\s*", " OR ", package["license"])}]
    if package.get("description"):
        found["description"] = " ".join(package["description"].split())
    checksum = sums.get((package["name"], package["version"]))
    if checksum:
        found["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if (package.get("repository") or "").startswith("https://"):
        found["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return found


def sqlite(packages, uses):
    """The C library inside libsqlite3-sys: what advisories speak of."""
    for identity in uses:
        package = packages[identity]
        if package["name"] == "libsqlite3-sys":
            header = os.path.join(os.path.dirname(package["manifest_path"]), "sqlite3", "sqlite3.h")
            with open(header, encoding="utf-8") as file:
                version = re.search(r'#define SQLITE_VERSION\s+"([^"]+)"', file.read()).group(1)
            purl = f"pkg:generic/sqlite@{version}"
            licence = [{"license": {"name": "public domain", "url": "https://sqlite.org/copyright.html"}}]
            return reference(package), {
                "type": "library", "bom-ref": purl, "name": "sqlite", "version": version, "purl": purl,
                "cpe": f"cpe:2.3:a:sqlite:sqlite:{version}:*:*:*:*:*:*:*", "licenses": licence,
            }
    raise SystemExit("libsqlite3-sys is not in the binary")


def browser_packages():
    with open(os.path.join(ROOT, "crates/web/assets/package-lock.json"), encoding="utf-8") as file:
        locked = json.load(file)["packages"]
    for path, package in sorted(locked.items()):
        if path and not package.get("dev"):
            name = path.split("node_modules/")[-1]
            purl = f"pkg:npm/{name.replace('@', '%40', 1)}@{package['version']}"
            found = {"type": "library", "bom-ref": purl, "name": name, "version": package["version"], "purl": purl}
            if package.get("license"):
                found["licenses"] = [{"expression": package["license"]}]
            if package.get("integrity", "").startswith("sha512-"):
                import base64

                content = base64.b64decode(package["integrity"].removeprefix("sha512-")).hex()
                found["hashes"] = [{"alg": "SHA-512", "content": content}]
            yield found


def bom():
    data, sums = metadata(), checksums()
    root, packages, uses = shipped(data)
    components = [component(packages[identity], sums) for identity in uses if identity != root]
    edges = {reference(packages[identity]): {reference(packages[used]) for used in uses[identity]} for identity in uses}
    holder, library = sqlite(packages, uses)
    components.append(library)
    edges[holder].add(library["bom-ref"])
    for package in browser_packages():
        components.append(package)
        edges[reference(packages[root])].add(package["bom-ref"])
    components.sort(key=lambda found: found["bom-ref"])
    product = component(packages[root], sums) | {"type": "application"}
    dependencies = [{"ref": ref, "dependsOn": sorted(used)} for ref, used in sorted(edges.items())]
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": product},
        "components": components,
        "dependencies": dependencies,
    }
    content = json.dumps(document, sort_keys=True).encode()
    document["serialNumber"] = f"urn:uuid:{uuid.UUID(bytes=hashlib.sha256(content).digest()[:16], version=4)}"
    return document


def check(document):
    """What must hold whatever the schema says: nothing twice, nothing named that is not there, nothing of ours left out."""
    refs = [found["bom-ref"] for found in document["components"]] + [document["metadata"]["component"]["bom-ref"]]
    if len(refs) != len(set(refs)):
        raise SystemExit("a component stands in it twice")
    named = {used for edge in document["dependencies"] for used in [edge["ref"], *edge["dependsOn"]]}
    if named - set(refs):
        raise SystemExit(f"named and not there: {sorted(named - set(refs))[:5]}")
    names = {found["name"] for found in document["components"]}
    missing = {"sakimori-store", "sqlx", "sqlite", "axum", "typst", "htmx.org"} - names
    if missing or "proptest" in names:
        raise SystemExit(f"not what the binary is made of: {sorted(missing)}")
    without = [found["name"] for found in document["components"] if "licenses" not in found]
    if without:
        raise SystemExit(f"without a licence: {without}")


if __name__ == "__main__":
    made = bom()
    check(made)
    text = json.dumps(made, indent=1, ensure_ascii=False) + "\n"
    if len(sys.argv) > 1:
        with open(sys.argv[1], "w", encoding="utf-8") as out:
            out.write(text)
        print(f"{sys.argv[1]}: {len(made['components'])} components")
    else:
        print(text, end="")
