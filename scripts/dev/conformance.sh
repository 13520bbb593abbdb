# Holds the build against the contracts and corpora in ../shared, which stay where they are. The last line counts all cases.

# conformance_NAME: the folder below ../shared, then the programs that read it, one a line.
conformance_groovy() { printf '%s\n' corpus/groovy groovy_corpus; }
conformance_declarative() { printf '%s\n' corpus/declarative declarative_corpus declarative_runs; }
conformance_realworld() { printf '%s\n' corpus/realworld realworld_corpus; }
conformance_scripted() { printf '%s\n' corpus/scripted groovy_eval scripted_corpus; }
# Reads declarative/ and scripted/ below it.
conformance_durability() { printf '%s\n' corpus durability; }
conformance_crds() { printf '%s\n' spec/crds crds_corpus; }
conformance_devops-api() { printf '%s\n' spec devops_api; }
conformance_golden() { printf '%s\n' spec/devops-golden golden; }
conformance_jenkins-rest() { printf '%s\n' spec jenkins_rest; }

conformance_help() {
  cat <<'TEXT'
usage: ./dev conformance [NAME...] [options]      NAME: groovy, declarative, realworld, scripted, durability, crds, golden, devops-api, jenkins-rest;
       all by default

  --corpus DIR      another corpus of the same format (with one NAME)
  --filter TEXT     only cases whose id contains it
  --list-failures   a line for each failure, without details
  --output json     one object: passed, failed, skipped, cases [{id, outcome, why}]
  --gate            the last line leaves out failures that tests/conformance/known_failures.txt lists
  --verbose         what a failing case printed
  --seed N          (durability) another choice of the moments at which runs are killed
  --exhaustive      (durability) kill at every record of every run; takes about 15 minutes

The rate is passed / (passed + failed). Exit code: 0 when nothing fails but what is known to.
TEXT
}

dev_conformance() {
  local names=() options=() corpus='' json='' name
  while [ $# -gt 0 ]; do
    case "$1" in
      -h | --help) conformance_help && return ;;
      --corpus | --filter | --output | --seed)
        [ $# -gt 1 ] || die "conformance: $1 needs a value"
        case "$1" in
          --corpus) corpus=$2 ;;
          --output) [ "$2" = json ] || die "conformance: --output json is the only one" && json=1 ;;
          *) options+=("$1" "$2") ;;
        esac
        shift
        ;;
      --list-failures | --gate | --verbose | --exhaustive) options+=("$1") ;;
      -*) die "conformance: no option '$1': see ./dev conformance --help" ;;
      *)
        declare -F "conformance_$1" >/dev/null && [ "$1" != help ] ||
          die "conformance: no '$1': groovy, declarative, realworld, scripted, durability, crds, golden, devops-api or jenkins-rest"
        names+=("$1")
        ;;
    esac
    shift
  done
  [ ${#names[@]} -gt 0 ] || names=(groovy declarative realworld scripted durability crds golden devops-api jenkins-rest)
  [ -z "$corpus" ] || [ ${#names[@]} = 1 ] || die "conformance: --corpus goes with one NAME"
  local shared=${KS_SHARED:-$PWD/../shared}
  [ -n "$corpus" ] || [ -d "$shared" ] ||
    die "conformance: there is no folder $shared: it holds the contracts and corpora (or set KS_SHARED)"
  source scripts/dev/deps.sh
  source scripts/dev/build.sh
  if [ -n "$json" ]; then
    # Nothing but the object goes to stdout.
    deps_build >&2 && deps_test >&2
  else
    deps_build && deps_test
  fi

  local logs program folder status=0 passed=0 failed=0 skipped=0 line
  logs=$(mktemp -d)
  for name in "${names[@]}"; do
    mapfile -t line < <("conformance_$name")
    folder=${corpus:-$shared/${line[0]}}
    for program in "${line[@]:1}"; do
      # Either a program of ours, or a script that drives `ks` from outside.
      local run=("build/release/conformance/$program")
      if [ -f "tests/conformance/$program.py" ]; then
        build_preset release ks >&2
        run=(python3 "tests/conformance/$program.py")
      else
        build_preset release "$program" >&2
      fi
      if [ -n "$json" ]; then
        "${run[@]}" "${options[@]}" --output json --corpus "$folder" </dev/null \
          >"$logs/$name-$program.json" || status=1
        continue
      fi
      say "$name: $program"
      "${run[@]}" "${options[@]}" --corpus "$folder" 2>&1 </dev/null |
        tee "$logs/log" || status=1
      local sums
      sums=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$logs/log" | tail -1 || true)
      passed=$((passed + $(cut -d' ' -f1 <<<"${sums:-0}")))
      failed=$((failed + $(cut -d' ' -f3 <<<"${sums:-0 0 1}")))
    done
  done
  if [ -n "$json" ]; then
    conformance_merge "$logs"/*.json || status=1
  else
    echo "$passed passed, $failed failed"
  fi
  rm -rf "$logs"
  return "$status"
}

# conformance_merge FILE...: the objects of all programs as one; a program that gave none is a failed case.
conformance_merge() {
  python3 - "$@" <<'PYTHON'
import json, os, sys

whole = {"passed": 0, "failed": 0, "skipped": 0, "cases": []}
broken = False
for path in sys.argv[1:]:
    name = os.path.basename(path).removesuffix(".json")
    try:
        part = json.load(open(path))
    except ValueError:
        broken = True
        part = {"passed": 0, "failed": 1, "skipped": 0,
                "cases": [{"id": name, "outcome": "failed", "why": "the program ended without a report"}]}
    for key in ("passed", "failed", "skipped"):
        whole[key] += part.pop(key)
    whole["cases"] += part.pop("cases")
    part.pop("rate", None)
    whole.update(part)
ran = whole["passed"] + whole["failed"]
whole["rate"] = round(100 * whole["passed"] / ran, 2) if ran else 100.0
print(json.dumps(whole, ensure_ascii=False))
sys.exit(1 if broken else 0)
PYTHON
}
