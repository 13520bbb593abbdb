#include "cmd/view/table.h"

#include <algorithm>

#include "cmd/view/style.h"

namespace ks::cmd {

std::string Table::text() const {
  std::vector<size_t> widths(rows_.front().size());
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
  }
  std::string out;
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      out += row[i];
      if (i + 1 < row.size()) out.append(widths[i] - columns_of(row[i]) + 3, ' ');
    }
    out += '\n';
  }
  return out;
}

}  // namespace ks::cmd
