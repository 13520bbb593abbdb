# What a reviewer should not have to look for: layering, formatting, banned constructs, clang-tidy.

# part: the parts it may include, as docs/architecture.md has them.
declare -A may_use=(
  [base]=""
  [http]="base"
  [s3]="http base"
  [kube]="http base"
  [store]="kube http base"
  [groovy]="base"
  [pipeline]="groovy base"
  [jenkins]="http base"
  [engine]="jenkins pipeline groovy http base"
  [image]="http base"
  [devops]="jenkins image pipeline kube s3 http base"
  [platform]="kube http base"
)

lint_layers() {
  local part file line used bad=0
  for part in "${!may_use[@]}"; do
    [ -d "src/$part" ] || continue
    while IFS=: read -r file line used; do
      # A part's tests may drive the parts above it, through their faces.
      [[ $file == *_test.cc || $file == */testing/* ]] && continue
      used=$(sed -E 's/.*"([a-z]+)\/.*/\1/' <<<"$used")
      [ "$used" = "$part" ] && continue
      if [[ " ${may_use[$part]} " != *" $used "* ]] && [ -d "src/$used" ]; then
        echo "$file:$line: part '$part' may not use '$used'" >&2
        bad=1
      fi
    done < <(grep -rnE '^#include "[a-z]+/' "src/$part" || true)
  done
  # Internals stay inside: nobody outside a part includes from its subfolders, but for the folders that are faces of their own.
  while IFS=: read -r file line used; do
    local from=${file#src/}
    from=${from%%/*}
    local path
    path=$(sed -E 's/.*"([^"]+)".*/\1/' <<<"$used")
    [ "${path%%/*}" = "$from" ] && continue
    case "$path" in store/api/api.h | store/schema/*.h | store/api/testing/* | engine/rest/rest.h | devops/controllers/controllers.h | devops/kapis/kapis.h) continue ;; esac
    [ "$from" = cmd ] || [[ $file == *_test.cc ]] && continue
    echo "$file:$line: includes '$path', which is an internal of '${path%%/*}'" >&2
    bad=1
  done < <(grep -rnE '^#include "[a-z]+/[a-z_0-9]+/[^"]+"' src || true)
  return $bad
}

lint_banned() {
  local bad=0
  if grep -rnE '\bco_await\b|\bco_yield\b' src bench tests --include='*.cc' --include='*.h'; then
    echo "no C++20 coroutines: g++ 12 miscompiles them (CONTRIBUTING.md)" >&2
    bad=1
  fi
  if grep -rnE '#include <regex>' src bench tests --include='*.cc' --include='*.h'; then
    echo "no std::regex: use PCRE2" >&2
    bad=1
  fi
  if grep -rnE '\bfork\(\)' src --include='*.cc' --include='*.h' | grep -vE '_test\.cc:|//'; then
    echo "no fork: use base/process.h" >&2
    bad=1
  fi
  if grep -rnE '(^|,)[[:space:]]*\.[a-z_]+ = .*TRY\(' src bench tests --include='*.cc' --include='*.h'; then
    echo "no TRY for a member of an aggregate: g++ 12 leaks the members before it (CONTRIBUTING.md)" >&2
    bad=1
  fi
  return $bad
}

# lint_tidy [PART|FILE...]
lint_tidy() {
  # clang reads no precompiled header of g++, so it gets a build folder of its own.
  cmake -S . -B build/tidy -G Ninja -DKS_PCH=OFF -DKS_WERROR=OFF -DCMAKE_CXX_COMPILER=clang++-19 >/dev/null
  ninja -C build/tidy --quiet ks_generated | { grep -v 'no work to do' || true; }
  python3 scripts/dev/tidy.py build/tidy "$@"
}

# dev_lint [--quick] [PART|FILE...]: without clang-tidy when quick; clang-tidy only of the part or file.
dev_lint() {
  local quick=
  if [ "${1:-}" = --quick ]; then
    quick=1
    shift
  fi
  source scripts/dev/deps.sh
  source scripts/dev/fmt.sh
  deps_build
  deps_lint
  local bad=0
  say "layers"
  lint_layers || bad=1
  say "banned constructs"
  lint_banned || bad=1
  say "formatting"
  sources | xargs -r clang-format-19 --dry-run -Werror || bad=1
  if [ -z "$quick" ]; then
    say "clang-tidy"
    lint_tidy "$@" || bad=1
  fi
  [ "$bad" = 0 ] || die "lint found faults"
  say "clean"
}
