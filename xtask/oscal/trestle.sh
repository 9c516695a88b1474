#!/usr/bin/env bash
# Exports of the demonstration, read by compliance-trestle. Called by `./x test`; alone: xtask/oscal/trestle.sh BINARY
#
# trestle is a peer for tests only: pinned, in an environment of its own below .cache, never part of the product.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly TRESTLE_VERSION=5.2.0
binary=$(realpath "${1:?the program to test}")
venv="$PWD/.cache/trestle-$TRESTLE_VERSION"

if [[ ! -e "$venv/ready" ]]; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "compliance-trestle==$TRESTLE_VERSION"
  touch "$venv/ready"
fi

place=$(mktemp -d -t sakimori-trestle.XXXXXX)
server=""
tidy_up() {
  [[ -n "$server" ]] && kill "$server" 2>/dev/null && wait "$server" 2>/dev/null
  rm -rf "$place"
}
trap tidy_up EXIT

# The demonstration fills a folder; it is stopped again before anything is exported from it.
"$binary" demo --listen 127.0.0.1:0 --data "$place/data" >"$place/demo.log" 2>&1 &
server=$!
for _ in $(seq 300); do
  grep -q '"listening"' "$place/demo.log" && break
  kill -0 "$server" 2>/dev/null || { cat "$place/demo.log" >&2; exit 1; }
  sleep 0.2
done
kill "$server" && { wait "$server" || true; }
server=""

files=()
for edition in jt-x1051-2018 nisc-measures-3 port-guideline-2024-tos telecom-safety-review; do
  "$binary" oscal export catalog --edition "$edition" --data "$place/data" --out "$place/$edition.json"
  files+=("$place/$edition.json")
done
"$binary" oscal export profile --edition jt-x1051-2018 --organisation mikawa-mirai --data "$place/data" --out "$place/profile.json"
"$binary" oscal resolve "$place/profile.json" --out "$place/resolved.json"
# Confirmed mappings are made here, so that this does not hang on what the demonstration has lined up.
cat >"$place/pairs.yaml" <<'YAML'
urn: urn:test:risk:library:pairs
objects:
  requirement_mapping_sets:
    - name: test
      source_framework_urn: urn:test:risk:framework:jt-x1051-2018
      target_framework_urn: urn:test:risk:framework:port-guideline-2024-tos
      requirement_mappings:
        - {source_requirement_urn: 'urn:test:n:6.1.1', target_requirement_urn: 'urn:test:n:2.1.1', relationship: equal, rationale: 同じ内容}
        - {source_requirement_urn: 'urn:test:n:9.1.1', target_requirement_urn: 'urn:test:n:2.1.1', relationship: intersect}
YAML
"$binary" oscal import "$place/pairs.yaml" --into "$place/data" --organisation mikawa-mirai
"$binary" oscal export mapping --edition jt-x1051-2018 --to port-guideline-2024-tos --organisation mikawa-mirai \
  --data "$place/data" --out "$place/mapping.json"
files+=("$place/profile.json" "$place/resolved.json" "$place/mapping.json")

for file in "${files[@]}"; do "$binary" oscal validate "$file"; done
"$venv/bin/python" xtask/oscal/accepts.py "${files[@]}"
