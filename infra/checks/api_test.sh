#!/usr/bin/env bash
# Validates docs/openapi.json, and holds it against what a host of its own answers: schemathesis makes requests from the description, good
# and bad, and finds every answer that the description does not have. It makes the same requests each time, one after the other, but for
# the ids that the host gives. At the end what is stored keeps every promise.
# Usage: infra/checks/api_test.sh VENV BINARIES
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
repository="$PWD" venv="$1" binaries="$2" examples=12

"$venv/bin/openapi-spec-validator" docs/openapi.json

# Both tools keep notes in the directory that they run in: all of them go with it.
work="$(mktemp -d)"
cd "$work"
"$binaries/turno" --listen 127.0.0.1:0 --aws-listen 127.0.0.1:0 --data "$work/data" --functions "$binaries" \
  --template "$repository/infra/template.yaml" >"$work/log" 2>&1 &
host=$!
stop() {
  kill "$host" 2>/dev/null || true
  wait "$host" 2>/dev/null || true
}
end() {
  local status=$?
  stop
  if ((status != 0)); then
    tail -n 40 "$work/log" >&2
  fi
  cd "$repository"
  rm -rf "$work"
}
trap end EXIT
for ((waited = 0; waited < 300; waited++)); do
  [[ -s "$work/data/host.json" ]] && break
  kill -0 "$host" || { echo "the host ended before it served" >&2; exit 1; }
  sleep 0.2
done
url="$(sed -n 's/.*"api_url": "\([^"]*\)".*/\1/p' "$work/data/host.json")"
turno() {
  "$binaries/turno" "$@" --data "$work/data"
}

for person in 1 2 3; do
  turno say --from "7707986137$person" "Meu pedido não chegou" >"$work/said"
done

# Slower than the template's limit of the routes: a request that the gateway refuses has tried nothing.
run() {
  local token="$1" rate="$2"
  shift 2
  "$venv/bin/st" --config-file "$repository/infra/checks/api.toml" run "$repository/docs/openapi.json" --url "$url" \
    --header "Authorization: Bearer $token" --generation-deterministic --max-examples "$examples" --workers 1 --request-timeout 30 \
    --rate-limit "$rate" --continue-on-failure --suppress-health-check filter_too_much --warnings off --no-color "$@"
}
run "$(turno token --agent ana)" 150/s --exclude-path-regex '^/v3/assistant/'
run "$(turno key create --name schemathesis)" 20/s --include-path-regex '^/v3/assistant/'

stop
turno check
