#include "engine/rest/tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <vector>

#include "base/text.h"

namespace ks::engine {
namespace {

constexpr int kMostDepth = 64;

struct Wanted {
  std::string_view name;
  std::vector<Wanted> fields;  ///< empty: the whole of it
  size_t from = 0;
  size_t to = SIZE_MAX;
};

/// `a,b[c,d]{0,10}`
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<std::vector<Wanted>> all() {
    std::vector<Wanted> out = TRY(fields(0));
    if (at_ < text_.size()) return error();
    return out;
  }

 private:
  Result<std::vector<Wanted>> fields(int depth) {
    if (depth > kMostDepth) return Error{Code::invalid, "tree: nested too deeply"};
    std::vector<Wanted> out;
    do {
      const size_t from = at_;
      at_ = std::min(text_.find_first_of(",[]{}", at_), text_.size());
      Wanted one;
      one.name = trim(text_.substr(from, at_ - from));
      if (one.name.empty()) return error();
      if (take('[')) {
        one.fields = TRY(fields(depth + 1));
        if (!take(']')) return error();
      }
      if (take('{')) TRY(range(one));
      out.push_back(std::move(one));
    } while (take(','));
    return out;
  }

  /// `{M,N}`, `{M,}`, `{,N}` or `{N}`, which is the one element.
  Result<> range(Wanted& one) {
    const size_t end = text_.find('}', at_);
    if (end == text_.npos) return error();
    const std::vector<std::string_view> parts = split(text_.substr(at_, end - at_), ',');
    at_ = end + 1;
    const auto number = [](std::string_view text, size_t otherwise) {
      const auto value = parse_int(trim(text));
      return value && *value >= 0 ? static_cast<size_t>(*value) : otherwise;
    };
    if (parts.empty() || parts.size() > 2) return error();
    one.from = number(parts[0], 0);
    one.to = parts.size() == 2 ? number(parts[1], SIZE_MAX) : one.from + 1;
    return {};
  }

  bool take(char wanted) {
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  Error error() const {
    return {Code::invalid, fmt::format("tree: unexpected text at \"{}\"", text_.substr(at_, 20))};
  }

  std::string_view text_;
  size_t at_ = 0;
};

json::value keep(const json::value& value, const std::vector<Wanted>& wanted) {
  if (const auto* list = value.if_array()) {
    json::array out;
    for (const json::value& one : *list) out.push_back(keep(one, wanted));
    return out;
  }
  if (!value.is_object() || wanted.empty()) return value;
  json::object out;
  for (const auto& [name, member] : value.get_object()) {
    const auto found = std::ranges::find_if(
        wanted, [&](const Wanted& one) { return one.name == name || one.name == "*"; });
    if (found == wanted.end()) {
      if (name == "_class") out[name] = member;
      continue;
    }
    if (const auto* list = member.if_array()) {
      json::array cut;
      for (size_t i = found->from; i < std::min(found->to, list->size()); ++i) {
        cut.push_back(keep((*list)[i], found->fields));
      }
      out[name] = std::move(cut);
    } else {
      out[name] = keep(member, found->fields);
    }
  }
  return out;
}

}  // namespace

Result<json::value> keep_tree(const json::value& value, std::string_view tree) {
  const std::vector<Wanted> wanted = TRY(Parser(tree).all());
  return keep(value, wanted);
}

}  // namespace ks::engine
