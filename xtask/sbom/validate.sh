#!/usr/bin/env bash
# A bill of materials against the official CycloneDX schema. Called by `./x test`; alone: xtask/sbom/validate.sh FILE
#
# The validator is a peer for tests only: pinned, in an environment of its own below .cache, never part of the product.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly CYCLONEDX_VERSION=11.5.0
venv="$PWD/.cache/cyclonedx-$CYCLONEDX_VERSION"
if [[ ! -e "$venv/ready" ]]; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "cyclonedx-python-lib[json-validation]==$CYCLONEDX_VERSION"
  touch "$venv/ready"
fi
"$venv/bin/python" - "${1:?the file}" <<'PYTHON'
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

with open(sys.argv[1], encoding="utf-8") as file:
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(file.read())
if error:
    sys.exit(f"not CycloneDX 1.6: {str(error)[:2000]}")
print("CycloneDX 1.6: valid")
PYTHON
