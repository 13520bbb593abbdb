sources() { git ls-files --cached --others --exclude-standard -- 'src/*.cc' 'src/*.h' 'bench/*.cc' 'bench/*.h' 'tests/*.cc' 'tests/*.h'; }

dev_fmt() {
  source scripts/dev/deps.sh
  deps_lint
  sources | xargs -r clang-format-19 -i
  say "formatted"
}
