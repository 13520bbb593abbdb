#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "groovy/ast.h"
#include "groovy/program.h"

namespace ks::groovy {
namespace {

/// The source line with a caret under the column. Of a long line only what is near the column is
/// shown.
std::string sample(std::string_view line, uint32_t column) {
  constexpr uint32_t kWhole = 40;
  constexpr uint32_t kBefore = 30;
  constexpr uint32_t kAfter = 10;
  if (column == 0) return std::string(line) + "\n";
  // Columns count UTF-16 units; the cuts must not split a character.
  std::vector<size_t> offsets;  // of each unit
  for (size_t i = 0; i < line.size(); ++i) {
    auto byte = static_cast<unsigned char>(line[i]);
    if ((byte & 0xC0) == 0x80) continue;
    offsets.push_back(i);
    if (byte >= 0xF0) offsets.push_back(i);
  }
  offsets.push_back(line.size());
  auto at = [&](size_t unit) { return offsets[std::min(unit, offsets.size() - 1)]; };
  size_t start = column > kWhole ? column - kBefore - 1 : 0;
  size_t end = column > kWhole ? at(column + kAfter - 1) : line.size();
  std::string_view shown = line.substr(at(start), std::max(end, at(start)) - at(start));
  return fmt::format("   {}\n   {}^\n", shown, std::string(column - 1 - start, ' '));
}

}  // namespace

std::string format_errors(std::string_view source, std::string_view script_name,
                          const std::vector<CompileError>& errors) {
  ast::Unit unit(source);
  std::string out = "startup failed:\n";
  for (const CompileError& error : errors) {
    out += fmt::format("{}: {}: {} @ line {}, column {}.\n", script_name, error.line, error.message,
                       error.line, error.column);
    // As in Groovy, the end of the text has no sample.
    std::string_view line = unit.line(error.line);
    if (!line.empty()) out += sample(line, error.column);
    out += '\n';
  }
  out += fmt::format("{} error{}\n", errors.size(), errors.size() == 1 ? "" : "s");
  return out;
}

}  // namespace ks::groovy
