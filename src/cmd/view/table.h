#pragma once

#include <string>
#include <vector>

namespace ks::cmd {

/// Rows under headings, as kubectl prints them.
///
///   Table table({"NAME", "AGE"});
///   table.add({"demo/hello", "5s"});
///   fmt::print("{}", table.text());
class Table {
 public:
  explicit Table(std::vector<std::string> headings) { add(std::move(headings)); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace ks::cmd
